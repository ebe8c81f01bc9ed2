-- The dead letters that a filter ($1 to $16) lets through. What is null in it lets all pass; $11 keeps
-- those out that were redriven as another event, $13 to $15 ask for those without an error type, a version, a fingerprint.
with wanted as not materialized (
    select *
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
        and (not $11::boolean or redriven_as is null)
        and ($12::text is null or error_fingerprint = $12)
        and (not $13::boolean or error_type is null)
        and (not $14::boolean or engine_software_version is null)
        and (not $15::boolean or error_fingerprint is null)
        and ($16::text[] is null or engine_type = any($16))
)
