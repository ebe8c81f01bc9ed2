-- The dead letters of the last hour, by queue, and how many died in the day before it: the newest $1 of each, of all queues
-- together. Those that were redriven as another event are left out.
with newest as materialized (
    select d.engine_type, d.error_type, d.dead_lettered_at
    from eventlease.dead_letters d
    where d.dead_lettered_at > statement_timestamp() - interval '1 hour' and d.redriven_as is null
    order by d.dead_lettered_at desc, d.event_id desc
    limit $1
),
day_before as materialized (
    select d.engine_type
    from eventlease.dead_letters d
    where d.dead_lettered_at > statement_timestamp() - interval '25 hours'
        and d.dead_lettered_at <= statement_timestamp() - interval '1 hour' and d.redriven_as is null
    order by d.dead_lettered_at desc, d.event_id desc
    limit $1
)
select
    newest.engine_type,
    count(*) as count,
    count(distinct coalesce(newest.error_type, '')) as error_types,
    min(newest.dead_lettered_at) as since,
    (select count(*) from day_before where day_before.engine_type = newest.engine_type) as of_day_before
from newest
group by newest.engine_type
