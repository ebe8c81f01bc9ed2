-- How many events of each queue engines hold; queues without such events are left out. In the order of an index that knows the queue,
-- so that the plan goes by it.
select lease.engine_type, count(*) as events
from (select q.engine_type from eventlease.event_leases q order by q.event_id) lease
group by lease.engine_type
