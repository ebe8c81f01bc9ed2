-- What keeps the queues in $1, of those that exist.
with processing as materialized (
    select distinct engine_type from eventlease.event_leases where engine_type = any($1)
)
select
    u.engine_type,
    exists (
        select from eventlease.event_queue q
        where q.engine_type = u.engine_type
        -- so that it is looked up in the index that has queues first
        order by q.lane, q.priority, q.available_at
        limit 1)
        or exists (select from processing p where p.engine_type = u.engine_type) as has_open_events,
    exists (select from eventlease.engine_states s where s.engine_type = u.engine_type) as has_engines,
    exists (select from eventlease.dead_letters d where d.engine_type = u.engine_type) as has_dead_letters,
    exists (select from eventlease.queue_activity a where a.engine_type = u.engine_type) as has_activity
from eventlease.queues u
where u.engine_type = any($1)
order by u.engine_type
