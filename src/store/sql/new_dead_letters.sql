-- The dead letters of the last hour, by queue: the newest $1 of all queues together, without those that were redriven as another event.
-- Of queues with at least $2 of them, also how many died in the day before it, up to $1.
with newest as materialized (
    select d.engine_type, coalesce(d.error_fingerprint, d.error_type, d.reason) as cause, d.dead_lettered_at
    from eventlease.dead_letters d
    where d.dead_lettered_at > statement_timestamp() - interval '1 hour' and d.redriven_as is null
    order by d.dead_lettered_at desc, d.event_id desc
    limit $1
),
of_queue as materialized (
    select
        newest.engine_type,
        count(*) as count,
        count(distinct newest.cause) as causes,
        min(newest.dead_lettered_at) as since
    from newest
    group by newest.engine_type
)
select of_queue.engine_type, of_queue.count, of_queue.causes, of_queue.since, before.count as of_day_before
from of_queue
cross join lateral (
    select count(*) as count
    from (
        select from eventlease.dead_letters d
        where of_queue.count >= $2
            and d.engine_type = of_queue.engine_type
            and d.dead_lettered_at > statement_timestamp() - interval '25 hours'
            and d.dead_lettered_at <= statement_timestamp() - interval '1 hour'
        order by d.dead_lettered_at desc
        limit $1
    ) letters
) before
