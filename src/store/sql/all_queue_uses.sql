-- What keeps queues, of all that have a row, open events, engines or dead letters. Each index is read one entry a queue, but
-- for leases: those that expire at $1 or later are all read, once.
with recursive queued (engine_type) as (
    (select q.engine_type from eventlease.event_queue q where q.engine_type > '' order by q.engine_type limit 1)
    union all
    select (
        select q.engine_type from eventlease.event_queue q
        where q.engine_type > queued.engine_type
        order by q.engine_type limit 1
    )
    from queued where queued.engine_type is not null
),
of_engines (engine_type) as (
    (select s.engine_type from eventlease.engine_states s order by s.engine_type limit 1)
    union all
    select (
        select s.engine_type from eventlease.engine_states s
        where s.engine_type > of_engines.engine_type
        order by s.engine_type limit 1
    )
    from of_engines where of_engines.engine_type is not null
),
of_dead_letters (engine_type) as (
    (select d.engine_type from eventlease.dead_letters d order by d.engine_type limit 1)
    union all
    select (
        select d.engine_type from eventlease.dead_letters d
        where d.engine_type > of_dead_letters.engine_type
        order by d.engine_type limit 1
    )
    from of_dead_letters where of_dead_letters.engine_type is not null
),
found (engine_type, kind) as (
    select engine_type, 'row' from eventlease.queues
    union all
    select engine_type, 'open event' from queued
    union all
    select distinct engine_type, 'open event'
    from eventlease.event_leases
    where lease_expires_at >= $1
    union all
    select engine_type, 'engine' from of_engines
    union all
    select engine_type, 'dead letter' from of_dead_letters
    union all
    select u.engine_type, 'activity'
    from eventlease.queues u
    where exists (select from eventlease.queue_activity a where a.engine_type = u.engine_type)
)
select
    engine_type,
    bool_or(kind = 'row') as has_row,
    bool_or(kind = 'open event') as has_open_events,
    bool_or(kind = 'engine') as has_engines,
    bool_or(kind = 'dead letter') as has_dead_letters,
    bool_or(kind = 'activity') as has_activity
from found
where engine_type is not null
group by engine_type
order by engine_type
