-- Takes heartbeats of engines, which makes unresponsive ones active again: $1 the engines; $2 their workload,
-- null where nothing was said; $3 and $4 their metadata, null where it stays; $5 since when none of what they
-- hold was leased; $6 whether they say something of holding off, until when ($7, null: not at all) and why ($8); $9 their
-- incarnation, null where they do not say. Engines that are not known, that are registered as another incarnation, or that
-- somebody else has locked, are not in the answer.
with beat as (
    select * from unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::timestamptz[], $6::boolean[],
            $7::timestamptz[], $8::text[], $9::integer[])
        as beat (engine_id, current_workload, static_config, dynamic_state, held_since, says_holding_off,
            holding_off_until, holding_off_reason, incarnation)
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
        unresponsive_since = null,
        holding_off_until = case when beat.says_holding_off then beat.holding_off_until else s.holding_off_until end,
        holding_off_reason = case when beat.says_holding_off then beat.holding_off_reason else s.holding_off_reason end
    from beat
    join free on free.engine_id = beat.engine_id
    where s.engine_id = beat.engine_id
    returning s.engine_id, s.engine_type, s.status, s.drain_requested_at, s.drain_reason,
        coalesce(s.drain_then, 'exit') as drain_then, s.max_concurrent_events, s.heartbeat_timeout_seconds, beat.held_since
)
select taken.engine_id, taken.engine_type, taken.status, taken.drain_requested_at, taken.drain_reason, taken.drain_then,
    taken.max_concurrent_events, taken.heartbeat_timeout_seconds, held.leases as leases_held, held.events_to_cancel
from taken
cross join lateral (
    select count(*)::integer as leases,
        array_agg(q.event_id) filter (where q.cancel_requested_at is not null) as events_to_cancel
    from eventlease.event_leases q
    where q.leased_by = taken.engine_id and q.leased_at >= taken.held_since
) held
