-- Takes heartbeats of engines, which makes unresponsive ones active again: $1 the engines; $2 their workload,
-- null where nothing was said; $3 and $4 their metadata, null where it stays; $5 since when none of what they
-- hold was leased; $6 their incarnation, null where they do not say. Engines that are not known, that are registered as
-- another incarnation, or that somebody else has locked, are not in the answer.
with beat as (
    select * from unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::timestamptz[], $6::integer[])
        as beat (engine_id, current_workload, static_config, dynamic_state, held_since, incarnation)
),
free as materialized (
    select s.engine_id
    from beat
    join eventlease.engine_states s on s.engine_id = beat.engine_id
    where beat.incarnation is null or beat.incarnation = s.incarnation
    order by s.engine_id
    for no key update of s skip locked
),
taken as (
    update eventlease.engine_states s
    set last_heartbeat = statement_timestamp(),
        last_seen_at = statement_timestamp(),
        current_workload = coalesce(beat.current_workload, s.current_workload),
        metadata = case when beat.dynamic_state is null then s.metadata else json_build_object(
            'static_config', beat.static_config::json, 'dynamic_state', beat.dynamic_state::json) end,
        status = case when s.drain_requested_at is null then 'active' else 'draining' end,
        unresponsive_since = null
    from beat
    join free on free.engine_id = beat.engine_id
    where s.engine_id = beat.engine_id
    returning s.engine_id, s.status, s.drain_requested_at is not null as is_draining, s.heartbeat_timeout_seconds,
        beat.held_since
)
select taken.engine_id, taken.status, taken.is_draining, held.leases as leases_held, taken.heartbeat_timeout_seconds
from taken
cross join lateral (
    select count(*)::integer as leases
    from eventlease.event_leases q
    where q.leased_by = taken.engine_id and q.leased_at >= taken.held_since
) held
