-- Up to $1 that unresponsive engines hold, which are locked too. Locked ones are passed over.
from eventlease.engine_states s
join eventlease.event_leases q on q.leased_by = s.engine_id
where s.status = 'unresponsive' and s.last_heartbeat is not null
limit $1
for no key update of s skip locked
for update of q skip locked
