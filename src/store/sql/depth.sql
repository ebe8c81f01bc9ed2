-- The depth of every queue, or of those in $2, each count up to $1.
-- Lane by lane and priority by priority: only so is a time a range of the index, and the few delayed events of a long
-- queue are found without reading all that are due.
with places (lane, priority) as materialized (
    select lane::smallint, priority::smallint
    from generate_series(0, 2) as lane cross join generate_series(0, 9) as priority
)
select
    u.engine_type,
    (select count(*) from (
        select from places
        cross join lateral (
            select from eventlease.event_queue q
            where q.engine_type = u.engine_type and q.lane = places.lane and q.priority = places.priority
                and q.available_at <= statement_timestamp()
            order by q.available_at
            limit $1) of_place
        limit $1) due) as due,
    (select count(*) from (
        select from places
        cross join lateral (
            select from eventlease.event_queue q
            where q.engine_type = u.engine_type and q.lane = places.lane and q.priority = places.priority
                and q.available_at > statement_timestamp()
            order by q.available_at
            limit $1) of_place
        limit $1) delayed) as delayed,
    (select count(*) from (
        select from eventlease.event_leases q
        where q.engine_type = u.engine_type
        limit $1) in_flight) as in_flight,
    (select count(*) from (
        select from eventlease.dead_letters d where d.engine_type = u.engine_type
        limit $1) dead) as dead_letters,
    coalesce((
        select extract(epoch from statement_timestamp() - min(oldest.available_at))::float8
        from places
        cross join lateral (
            select q.available_at from eventlease.event_queue q
            where q.engine_type = u.engine_type and q.lane = places.lane and q.priority = places.priority
                and q.available_at <= statement_timestamp()
            order by q.available_at
            limit 1
        ) oldest
    ), 0) as oldest_due_age_seconds,
    u.paused_at is not null and (u.resume_at is null or u.resume_at > statement_timestamp()) as is_paused
from eventlease.queues u
where $2::text[] is null or u.engine_type = any($2)
