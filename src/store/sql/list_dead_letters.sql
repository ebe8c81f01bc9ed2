-- A page of them behind ($17, $18), the newest first; with payloads if $20, in brief if $21.
select
    event_id, engine_type, event_type, reason, case when $20 then payload end as payload, payload_bytes,
    priority, scenario_run_id, created_at, dead_lettered_at, attempt, failures, lease_losses, redrives,
    case when not $21 then error end as error, error_type, left(error_message, 200) as error_message,
    coalesce(octet_length(error::text), 0) as error_bytes, error_fingerprint, engine_software_version, redriven_from,
    redriven_as
from wanted
where ($17::timestamptz is null or (dead_lettered_at, event_id) < ($17, $18::uuid))
order by dead_lettered_at desc, event_id desc
limit $19
