-- Engines, of types $2 if that is not null, that may be zombies: active, holding nothing, and without a poll or a settlement for $1
-- seconds. With what the rule asks of them and of their queues. While the service was away, none could ask.
with silent as materialized (
    select s.engine_id, s.engine_type, s.status, s.engine_software_version, s.max_concurrent_events,
        coalesce(s.holding_off_until > statement_timestamp(), false) as is_holding_off,
        greatest(s.registered_at, s.last_poll_at, s.last_settled_at,
            (select signs.grace_since from eventlease.service_signs signs)) as asked_at
    from (
        select * from eventlease.engine_states where $2::text[] is null
        union all
        select * from eventlease.engine_states where engine_type = any($2)
    ) s
    where s.status = 'active'
        and greatest(s.registered_at, s.last_poll_at, s.last_settled_at)
            <= statement_timestamp() - make_interval(secs => $1)
        -- one look-up an engine: "not exists" may read all leases
        and (select true from eventlease.event_leases q where q.leased_by = s.engine_id limit 1) is null
),
places (lane, priority) as materialized (
    select lane::smallint, priority::smallint
    from generate_series(0, 2) as lane cross join generate_series(0, 9) as priority
),
-- few: nothing is asked of a queue without such an engine
queue as materialized (
    select
        u.engine_type, u.max_processing, u.quarantines,
        u.paused_at is not null and (u.resume_at is null or u.resume_at > statement_timestamp()) as is_paused,
        (
            select extract(epoch from statement_timestamp() - min(oldest.available_at))::float8
            from places
            cross join lateral (
                select q.available_at from eventlease.event_queue q
                where q.engine_type = u.engine_type and q.lane = places.lane and q.priority = places.priority
                    and q.available_at <= statement_timestamp()
                    and (q.discard_at is null or q.discard_at > statement_timestamp())
                order by q.available_at
                limit 1
            ) oldest
        ) as oldest_due_age_seconds,
        -- without a limit, 0 are counted
        (select count(*) from (
            select from eventlease.event_leases q
            where q.engine_type = u.engine_type
            limit coalesce(u.max_processing, 0)) in_flight) as processing
    from eventlease.queues u
    where u.engine_type = any(array(select distinct silent.engine_type from silent))
)
select silent.engine_id, silent.engine_type, silent.status, silent.max_concurrent_events, 0 as leases_held, silent.is_holding_off, silent.asked_at,
    queue.quarantines is not null
        and eventlease.is_quarantined(queue.quarantines, silent.engine_software_version) as is_quarantined,
    queue.oldest_due_age_seconds, queue.is_paused, queue.processing, queue.max_processing,
    statement_timestamp() as now
from silent
join queue on queue.engine_type = silent.engine_type
