-- Makes $3 events of queue $1 that have ended, each with the payload $2 and one attempt: $4 is completed, or failed for
-- dead letters.
with numbers as (
    select n, statement_timestamp() - interval '12 hours' * (1 - n::float8 / $3::bigint) as created_at
    from generate_series(1, $3::bigint) as n
),
ids as materialized (
    select eventlease.new_event_id(created_at, mod(n, 16384)::integer) as event_id, created_at
    from numbers
),
facts as (
    insert into eventlease.events (event_id, engine_type, event_type, payload, payload_bytes, priority, created_at)
    select event_id, $1, 'bench.event', $2::text::json, octet_length($2), 5, created_at
    from ids
),
letters as (
    insert into eventlease.dead_letters (event_id, engine_type, event_type, reason, payload, payload_bytes, priority,
        created_at, dead_lettered_at, attempt, failures, lease_losses, redrives, attempts, error, error_message)
    select event_id, $1, 'bench.event', 'not_retryable', $2::text::json, octet_length($2), 5,
        created_at, created_at, 1, 1, 0, 0, '[]', '{"message":"hopeless"}', 'hopeless'
    from ids
    where $4 = 'failed'
)
insert into eventlease.event_attempts (event_id, engine_type, attempt, lease_token, leased_at, ended_at, outcome, answer,
    error, final_status)
select event_id, $1, 1, event_id, created_at, created_at, $4,
    case $4 when 'failed' then 'dead_lettered' else 'completed' end,
    case $4 when 'failed' then '{"message":"hopeless"}'::json end, $4
from ids
