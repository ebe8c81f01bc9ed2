-- A page of engines behind ($7, $8), the newest registration first. A filter that is null lets all pass.
select
    s.engine_id, s.engine_type, s.status, s.last_heartbeat, s.current_workload, s.scenario_run_id,
    s.may_enqueue,
    s.metadata,
    s.incarnation, s.registered_at, s.last_seen_at, s.last_poll_at, held.leases as leases_held,
    s.heartbeat_timeout_seconds, s.drain_requested_at, s.drain_reason, coalesce(s.drain_then, 'exit') as drain_then,
    case when s.holding_off_until > statement_timestamp() then s.holding_off_until end as holding_off_until,
    s.holding_off_reason,
    u.quarantines is not null and eventlease.is_quarantined(u.quarantines, s.engine_software_version) as is_quarantined
from eventlease.engine_states s
left join eventlease.queues u on u.engine_type = s.engine_type
cross join lateral (
    select count(*)::integer as leases
    from eventlease.event_leases q
    where q.leased_by = s.engine_id
) held
where ($1::uuid is null or s.engine_id = $1)
    and ($2::text[] is null or s.engine_type = any($2))
    and ($3::text is null or s.status = $3)
    and ($4::text is null or $4 = any(s.capabilities))
    and ($5::text is null or s.scenario_run_id = $5)
    and ($6::text is null or s.engine_software_version = $6)
    and ($7::timestamptz is null or (s.registered_at, s.engine_id) < ($7, $8::uuid))
order by s.registered_at desc, s.engine_id desc
limit $9
