from eventlease.event_queue q
where q.event_id = any($1)
