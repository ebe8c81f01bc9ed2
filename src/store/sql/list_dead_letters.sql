-- A page of dead letters behind ($11, $12), the newest first. A filter that is null lets all pass.
select
    event_id, engine_type, event_type, reason, case when $14 then payload end as payload, payload_bytes,
    priority, scenario_run_id, created_at, dead_lettered_at, attempt, failures, lease_losses, redrives,
    error, error_type, engine_software_version, redriven_as
from eventlease.dead_letters
where ($1::text is null or engine_type = $1)
    and ($2::text is null or event_type = $2)
    and ($3::text is null or reason = $3)
    and ($4::text is null or error_type = $4)
    and ($5::text is null or position(lower($5) in lower(error_message)) > 0)
    and ($6::text is null or scenario_run_id = $6)
    and ($7::text is null or engine_software_version = $7)
    and ($8::timestamptz is null or dead_lettered_at >= $8)
    and ($9::timestamptz is null or dead_lettered_at < $9)
    and ($10::integer is null or redrives <= $10)
    and ($11::timestamptz is null or (dead_lettered_at, event_id) < ($11, $12::uuid))
order by dead_lettered_at desc, event_id desc
limit $13
