-- How engines $1 stand whose heartbeats wait; nothing that they hold was leased before the times in $2. It changes nothing, and
-- unknown engines are not in the answer.
select asked.engine_id, s.incarnation, s.registered_at, s.status, s.drain_requested_at, s.drain_reason, s.drain_then,
    s.max_concurrent_events, held.leases as leases_held, held.events_to_cancel
from unnest($1::uuid[], $2::timestamptz[]) as asked (engine_id, held_since)
cross join lateral (
    select s.incarnation, s.registered_at, s.status, s.drain_requested_at, s.drain_reason,
        coalesce(s.drain_then, 'exit') as drain_then, s.max_concurrent_events
    from eventlease.engine_states s
    where s.engine_id = asked.engine_id
    limit 1
) s
cross join lateral (
    select count(*)::integer as leases,
        array_agg(q.event_id) filter (where q.cancel_requested_at is not null) as events_to_cancel
    from eventlease.event_leases q
    where q.leased_by = asked.engine_id and q.leased_at >= asked.held_since
) held
