from eventlease.event_leases q
where q.event_id = any($1)
