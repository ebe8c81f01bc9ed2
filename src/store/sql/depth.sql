-- The depth of queues $2. Events of each lane and priority are counted up to $1, and so are dead letters.
with places (lane, priority) as materialized (
    select lane::smallint, priority::smallint
    from generate_series(0, 2) as lane cross join generate_series(0, 9) as priority
),
-- No index of leases begins with the queue. For one queue, an index that knows the queue is read; for more, all leases once, in the order
-- of an index, so that the plan goes by it.
held as materialized (
    select lease.engine_type, count(*) as events, count(*) filter (where lease.lane > 0) as suspects
    from (
        select q.engine_type, q.lane from eventlease.event_leases q
        where cardinality($2::text[]) = 1 and q.engine_type = ($2::text[])[1]
        union all
        (
            select q.engine_type, q.lane from eventlease.event_leases q
            -- a subquery is hashed, an array would be searched for each lease
            where cardinality($2::text[]) > 1 and (q.engine_type in (select unnest($2))) is true
            order by q.lease_expires_at
        )
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
-- Whether more events wait than are worth reading one after the other. The order is that of the index that has queues first.
cross join lateral (
    select count(*) > 0 as is_long
    from (
        select from eventlease.event_queue q where q.engine_type = u.engine_type
        order by q.lane, q.priority, q.available_at
        offset 500 limit 1
    ) next
) size
cross join lateral (
    select
        coalesce(sum(counted.events) filter (where counted.is_due), 0)::bigint as due,
        coalesce(sum(counted.events) filter (where not counted.is_due), 0)::bigint as delayed,
        coalesce(sum(counted.events) filter (where counted.lane > 0), 0)::bigint as suspects,
        case when count(*) = 0 then '{}' else array[
            coalesce(sum(counted.events) filter (where counted.is_due and counted.priority = 0), 0),
            coalesce(sum(counted.events) filter (where counted.is_due and counted.priority = 1), 0),
            coalesce(sum(counted.events) filter (where counted.is_due and counted.priority = 2), 0),
            coalesce(sum(counted.events) filter (where counted.is_due and counted.priority = 3), 0),
            coalesce(sum(counted.events) filter (where counted.is_due and counted.priority = 4), 0),
            coalesce(sum(counted.events) filter (where counted.is_due and counted.priority = 5), 0),
            coalesce(sum(counted.events) filter (where counted.is_due and counted.priority = 6), 0),
            coalesce(sum(counted.events) filter (where counted.is_due and counted.priority = 7), 0),
            coalesce(sum(counted.events) filter (where counted.is_due and counted.priority = 8), 0),
            coalesce(sum(counted.events) filter (where counted.is_due and counted.priority = 9), 0)
        ]::bigint[] end as due_by_priority,
        min(counted.first_at) filter (where counted.is_due) as oldest_due_at,
        min(counted.first_at) filter (where not counted.is_due) as next_due_at
    from (
        -- A short queue is read once, from end to end.
        select brief.lane, brief.priority, brief.is_due, count(*) as events, min(brief.available_at) as first_at
        from (
            select q.lane, q.priority, q.available_at, q.available_at <= statement_timestamp() as is_due
            from eventlease.event_queue q
            where q.engine_type = u.engine_type and not size.is_long
            order by q.lane, q.priority, q.available_at
        ) brief
        group by brief.lane, brief.priority, brief.is_due
        union all
        -- A long one lane by lane and priority by priority: only so is a time a range of the index, and the few delayed
        -- events are found without reading all that are due.
        select places.lane, places.priority, of_place.is_due, of_place.events, of_place.first_at
        from places
        cross join lateral (
            select true as is_due, count(*) as events, min(due.available_at) as first_at
            from (
                select q.available_at from eventlease.event_queue q
                where q.engine_type = u.engine_type and q.lane = places.lane and q.priority = places.priority
                    and q.available_at <= statement_timestamp()
                order by q.available_at
                limit $1
            ) due
            union all
            select false, count(*), min(delayed.available_at)
            from (
                select q.available_at from eventlease.event_queue q
                where q.engine_type = u.engine_type and q.lane = places.lane and q.priority = places.priority
                    and q.available_at > statement_timestamp()
                order by q.available_at
                limit $1
            ) delayed
        ) of_place
        where size.is_long
    ) counted
) waiting
cross join lateral (
    select count(*) as letters
    from (select from eventlease.dead_letters d where d.engine_type = u.engine_type limit $1) counted
) dead
where u.engine_type = any($2)
