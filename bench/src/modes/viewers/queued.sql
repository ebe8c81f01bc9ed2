-- Puts about $2 events into $1 queues: into the first the most, into the second half of that, into the third a third. Most are due, one
-- in ten of them is delayed by hours; their priorities are 4, 5 and 6. The payload of each is $3.
with shares as (
    select number, greatest($2::bigint * (1.0 / number) / sum(1.0 / number) over (), 1)::bigint as events
    from generate_series(1, $1::integer) as number
),
numbers as (
    select 'viewers-' || lpad(number::text, 4, '0') as engine_type, n,
        statement_timestamp() - interval '12 hours' * (1 - n::float8 / events) as created_at
    from shares
    cross join lateral generate_series(1, events) as n
),
ids as materialized (
    select eventlease.new_event_id(created_at, mod(n, 16384)::integer) as event_id, engine_type, created_at,
        (4 + mod(n, 3))::smallint as priority,
        created_at + case when mod(n, 10) = 0 then interval '1 day' else interval '0' end as available_at
    from numbers
),
facts as (
    insert into eventlease.events (event_id, engine_type, event_type, payload, payload_bytes, priority, created_at)
    select event_id, engine_type, 'bench.event', $3::text::json, octet_length($3), priority, created_at
    from ids
)
insert into eventlease.event_queue (event_id, engine_type, event_type, priority, available_at, payload_bytes)
select event_id, engine_type, 'bench.event', priority, available_at, octet_length($3)
from ids
