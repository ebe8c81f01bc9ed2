-- A page of them behind ($13, $14), the newest first; with payloads if $16, in brief if $17.
select
    event_id, engine_type, event_type, reason, case when $16 then payload end as payload, payload_bytes,
    priority, scenario_run_id, created_at, dead_lettered_at, attempt, failures, lease_losses, redrives,
    case when not $17 then error end as error, error_type, left(error_message, 200) as error_message,
    coalesce(octet_length(error::text), 0) as error_bytes, engine_software_version, redriven_from, redriven_as
from wanted
where ($13::timestamptz is null or (dead_lettered_at, event_id) < ($13, $14::uuid))
order by dead_lettered_at desc, event_id desc
limit $15
