-- The same of queued events, as far as it is known of them; `among_queued` follows.
select
    q.event_id, q.engine_type, false as is_processing, q.priority, q.attempt, q.failures, q.lease_losses,
    q.releases, q.lease_token, null::uuid as leased_by, false as is_cancel_requested,
    null::timestamptz as expires_at, 0::float8 as expires_in_seconds, null::float8 as late_by_seconds,
    0::float8 as held_seconds, false as is_at_max_lease
