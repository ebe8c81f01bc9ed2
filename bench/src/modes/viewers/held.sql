-- Gives each engine two events of its queue, with leases of a day and the payload $1.
with ids as materialized (
    select eventlease.new_event_id(statement_timestamp(), mod(row_number() over (), 16384)::integer) as event_id, s.engine_id,
        s.engine_type, s.engine_software_version
    from eventlease.engine_states s
    cross join generate_series(1, 2)
),
facts as (
    insert into eventlease.events (event_id, engine_type, event_type, payload, payload_bytes, priority, created_at)
    select event_id, engine_type, 'bench.event', $1::text::json, octet_length($1), 5, statement_timestamp()
    from ids
)
insert into eventlease.event_leases (event_id, engine_type, event_type, lane, priority, available_at, payload_bytes, attempt, failures,
    lease_losses, releases, redrives, lease_token, leased_by, incarnation, engine_software_version, leased_at, lease_seconds,
    lease_expires_at, lease_deadline_at)
select event_id, engine_type, 'bench.event', 0, 5, statement_timestamp(), octet_length($1), 1, 0, 0, 0, 0, gen_random_uuid(), engine_id, 1,
    engine_software_version, statement_timestamp(), 86400, statement_timestamp() + interval '1 day', statement_timestamp() + interval '1 day'
from ids
