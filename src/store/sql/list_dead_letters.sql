-- A page of them behind ($12, $13), the newest first; with payloads if $15.
select
    event_id, engine_type, event_type, reason, case when $15 then payload end as payload, payload_bytes,
    priority, scenario_run_id, created_at, dead_lettered_at, attempt, failures, lease_losses, redrives,
    error, error_type, engine_software_version, redriven_from, redriven_as
from wanted
where ($12::timestamptz is null or (dead_lettered_at, event_id) < ($12, $13::uuid))
order by dead_lettered_at desc, event_id desc
limit $14
