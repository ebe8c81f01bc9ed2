-- The depth of every queue, or of those in $2. Events of each lane and priority are counted up to $1, and so are dead letters.
-- Lane by lane and priority by priority: only so is a time a range of the index, and the few delayed events of a long
-- queue are found without reading all that are due.
with places (lane, priority) as materialized (
    select lane::smallint, priority::smallint
    from generate_series(0, 2) as lane cross join generate_series(0, 9) as priority
),
-- Once for all queues: no index of leases begins with the queue. In the order of an index, so that the plan goes by it.
held as materialized (
    select lease.engine_type, count(*) as events, count(*) filter (where lease.lane > 0) as suspects
    from (
        select q.engine_type, q.lane from eventlease.event_leases q
        where $2::text[] is null or q.engine_type = any($2)
        order by q.lease_expires_at
    ) lease
    group by lease.engine_type
)
select
    u.engine_type,
    waiting.due,
    waiting.delayed,
    coalesce(held.events, 0) as in_flight,
    dead.letters as dead_letters,
    waiting.suspects + coalesce(held.suspects, 0) as suspects,
    waiting.due_by_priority,
    coalesce(extract(epoch from statement_timestamp() - waiting.oldest_due_at)::float8, 0) as oldest_due_age_seconds,
    waiting.next_due_at,
    u.paused_at is not null and (u.resume_at is null or u.resume_at > statement_timestamp()) as is_paused
from eventlease.queues u
left join held on held.engine_type = u.engine_type
cross join lateral (
    select
        coalesce(sum(of_priority.due), 0)::bigint as due,
        coalesce(sum(of_priority.delayed), 0)::bigint as delayed,
        coalesce(sum(of_priority.suspects), 0)::bigint as suspects,
        coalesce(array_agg(of_priority.due order by of_priority.priority), '{}') as due_by_priority,
        min(of_priority.oldest_due_at) as oldest_due_at,
        min(of_priority.next_due_at) as next_due_at
    from (
        select
            places.priority,
            sum(due.events)::bigint as due,
            sum(delayed.events)::bigint as delayed,
            sum(due.events + delayed.events) filter (where places.lane > 0)::bigint as suspects,
            min(due.first_at) as oldest_due_at,
            min(delayed.first_at) as next_due_at
        from places
        cross join lateral (
            select count(*) as events, min(of_place.available_at) as first_at
            from (
                select q.available_at from eventlease.event_queue q
                where q.engine_type = u.engine_type and q.lane = places.lane and q.priority = places.priority
                    and q.available_at <= statement_timestamp()
                order by q.available_at
                limit $1
            ) of_place
        ) due
        cross join lateral (
            select count(*) as events, min(of_place.available_at) as first_at
            from (
                select q.available_at from eventlease.event_queue q
                where q.engine_type = u.engine_type and q.lane = places.lane and q.priority = places.priority
                    and q.available_at > statement_timestamp()
                order by q.available_at
                limit $1
            ) of_place
        ) delayed
        -- An idle queue costs one look. It has an order so that it is looked up in the index that has queues first.
        where (
            select true from eventlease.event_queue q where q.engine_type = u.engine_type
            order by q.lane, q.priority, q.available_at
            limit 1)
        group by places.priority
    ) of_priority
) waiting
cross join lateral (
    select count(*) as letters
    from (select from eventlease.dead_letters d where d.engine_type = u.engine_type limit $1) counted
) dead
where $2::text[] is null or u.engine_type = any($2)
