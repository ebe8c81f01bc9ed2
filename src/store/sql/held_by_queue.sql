-- How many events of each queue, or of queues $1, engines hold; queues without such events are left out. In the order of an index, so
-- that the plan goes by it.
select lease.engine_type, count(*) as events
from (
    select q.engine_type from eventlease.event_leases q
    where $1::text[] is null or q.engine_type = any($1)
    order by q.lease_expires_at
) lease
group by lease.engine_type
