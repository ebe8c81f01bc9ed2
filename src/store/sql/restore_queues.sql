-- Makes the rows of queues that have open events, engines or dead letters, and no row. Each index is read one entry a queue.
with recursive queued (engine_type) as (
    (select q.engine_type from eventlease.event_queue q where q.state = 'queued' order by q.engine_type limit 1)
    union all
    select (
        select q.engine_type from eventlease.event_queue q
        where q.state = 'queued' and q.engine_type > queued.engine_type
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
used as (
    select engine_type from queued
    union
    select engine_type from eventlease.event_queue where state = 'processing'
    union
    select engine_type from of_engines
    union
    select engine_type from of_dead_letters
)
insert into eventlease.queues (engine_type)
select engine_type from used
where engine_type is not null
    and not exists (select from eventlease.queues u where u.engine_type = used.engine_type)
order by engine_type
on conflict (engine_type) do nothing
