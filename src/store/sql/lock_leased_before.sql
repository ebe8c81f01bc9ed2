-- Up to $3 events behind $2, in the order of their ids, whose leases were granted before $1. Waits for locked ones.
from eventlease.event_leases q
where q.leased_at < $1 and q.event_id > $2
order by q.event_id
limit $3
for update
