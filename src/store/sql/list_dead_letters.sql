-- A page of them behind ($17, $18), the newest first; with payloads if $20.
select
    event_id, engine_type, event_type, reason, case when $20 then payload end as payload, payload_bytes,
    priority, scenario_run_id, created_at, dead_lettered_at, attempt, failures, lease_losses, redrives,
    error, error_type, error_fingerprint, engine_software_version, redriven_from, redriven_as
from wanted
where ($17::timestamptz is null or (dead_lettered_at, event_id) < ($17, $18::uuid))
order by dead_lettered_at desc, event_id desc
limit $19
