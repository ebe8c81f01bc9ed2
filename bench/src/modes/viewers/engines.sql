-- Registers $2 engines, spread evenly over $1 queues. They send nothing: without a heartbeat timeout none is taken for silent, and
-- with a last poll in the future none for a zombie.
insert into eventlease.engine_states (engine_id, engine_type, metadata, registered_at, last_seen_at, last_poll_at,
    max_concurrent_events, engine_software_version)
select gen_random_uuid(), 'viewers-' || lpad((1 + mod(n, $1::integer))::text, 4, '0'), '{}', statement_timestamp(),
    statement_timestamp(), statement_timestamp() + interval '1 day', 5, '1.0.0'
from generate_series(1, $2::bigint) as n
