-- Puts $3 events into queue $1, each with the payload $2 and priority $4, enqueued within the last twelve hours and due $5
-- seconds after that; those that are not due yet, at different times.
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
    select event_id, $1, 'bench.event', $2::text::json, octet_length($2), $4::smallint, created_at
    from ids
)
insert into eventlease.event_queue (event_id, engine_type, event_type, priority, available_at, payload_bytes)
select event_id, $1, 'bench.event', $4, created_at + make_interval(secs => $5::float8), octet_length($2)
from ids
