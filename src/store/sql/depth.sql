-- The depth of every queue, or of those in $2, each count up to $1.
select
    u.engine_type,
    (select count(*) from (
        select from eventlease.event_queue q
        where q.engine_type = u.engine_type and q.state = 'queued'
            and q.available_at <= statement_timestamp()
        limit $1) due) as due,
    (select count(*) from (
        select from eventlease.event_queue q
        where q.engine_type = u.engine_type and q.state = 'queued'
            and q.available_at > statement_timestamp()
        limit $1) delayed) as delayed,
    (select count(*) from (
        select from eventlease.event_queue q
        where q.engine_type = u.engine_type and q.state = 'processing'
        limit $1) in_flight) as in_flight,
    (select count(*) from (
        select from eventlease.dead_letters d where d.engine_type = u.engine_type
        limit $1) dead) as dead_letters,
    coalesce((
        select extract(epoch from statement_timestamp() - min(oldest.available_at))::float8
        from generate_series(0, 1) as of_lane
        cross join generate_series(0, 9) as of_priority
        cross join lateral (
            select q.available_at from eventlease.event_queue q
            where q.engine_type = u.engine_type and q.state = 'queued'
                and q.lane = of_lane::smallint and q.priority = of_priority::smallint
                and q.available_at <= statement_timestamp()
            order by q.available_at
            limit 1
        ) oldest
    ), 0) as oldest_due_age_seconds
from eventlease.queues u
where $2::text[] is null or u.engine_type = any($2)
