-- Makes $2 dead letters, spread evenly over $1 queues, of twenty causes; the payload of each is $3.
with numbers as (
    select n, 'viewers-' || lpad((1 + mod(n, $1::integer))::text, 4, '0') as engine_type,
        statement_timestamp() - interval '12 hours' * (1 - n::float8 / $2::bigint) as created_at
    from generate_series(1, $2::bigint) as n
),
ids as materialized (
    select eventlease.new_event_id(created_at, mod(n, 16384)::integer) as event_id, engine_type, created_at, mod(n, 20) as cause
    from numbers
),
facts as (
    insert into eventlease.events (event_id, engine_type, event_type, payload, payload_bytes, priority, created_at)
    select event_id, engine_type, 'bench.event', $3::text::json, octet_length($3), 5, created_at
    from ids
),
attempts as (
    insert into eventlease.event_attempts (event_id, engine_type, attempt, lease_token, leased_at, ended_at, outcome, answer,
        error, final_status)
    select event_id, engine_type, 1, event_id, created_at, created_at, 'failed', 'dead_lettered', '{"message":"hopeless"}', 'failed'
    from ids
)
insert into eventlease.dead_letters (event_id, engine_type, event_type, reason, payload, payload_bytes, priority, created_at,
    dead_lettered_at, attempt, failures, lease_losses, redrives, attempts, error, error_type, error_message,
    error_fingerprint, error_fingerprint_rule, engine_software_version)
select event_id, engine_type, 'bench.event', 'not_retryable', $3::text::json, octet_length($3), 5, created_at,
    created_at, 1, 1, 0, 0, '[]', '{"message":"hopeless"}', 'RuntimeError', 'hopeless', 'cause-' || cause, 0, '1.0.' || mod(cause, 3)
from ids
