-- What keeps the queues in $1, of those that exist.
with processing as materialized (
    select distinct engine_type from eventlease.event_leases where engine_type = any($1)
)
select
    u.engine_type,
    -- ordered, so that it is looked up in the index that has queues first; "exists" would leave the order out
    (
        select true from eventlease.event_queue q
        where q.engine_type = u.engine_type
        order by q.lane, q.priority, q.available_at
        limit 1) is true
        or exists (select from processing p where p.engine_type = u.engine_type) as has_open_events,
    -- one look-up a queue: "exists" may read all engines
    (select true from eventlease.engine_states s where s.engine_type = u.engine_type limit 1) is true as has_engines,
    -- the first queue from this one on that has any: no other index has that order
    (
        select d.engine_type from eventlease.dead_letters d
        where d.engine_type >= u.engine_type
        order by d.engine_type
        limit 1) is not distinct from u.engine_type as has_dead_letters,
    (select true from eventlease.queue_activity a where a.engine_type = u.engine_type limit 1) is true as has_activity
from eventlease.queues u
where u.engine_type = any($1)
order by u.engine_type
