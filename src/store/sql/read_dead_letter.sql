-- Dead letter $1 with its payload and its newest attempts, the newest first: up to $2 of them, as long as the whole has
-- no more than 4 MiB, and one at least. Attempts are numbered from 1 without a gap, so an attempt's number is its
-- ordinal in the array. The array is taken apart without looking into its items: PostgreSQL's `->` refuses JSON with a
-- \u0000 anywhere in it.
select
    d.event_id, d.engine_type, d.event_type, d.reason, d.payload, d.payload_bytes, d.priority, d.scenario_run_id,
    d.created_at, d.dead_lettered_at, d.attempt, d.failures, d.lease_losses, d.redrives, d.error, d.error_type,
    left(d.error_message, 200) as error_message, coalesce(octet_length(d.error::text), 0) as error_bytes,
    d.error_fingerprint, d.engine_software_version, d.redriven_from, d.redriven_as,
    array(
        select newest.attempt
        from (
            select carried.attempt::text as attempt, carried.number,
                sum(octet_length(carried.attempt::text)) over backwards as bytes,
                row_number() over backwards as ordinal
            from json_array_elements(d.attempts) with ordinality as carried (attempt, number)
            window backwards as (order by carried.number desc rows unbounded preceding)
        ) newest
        where newest.ordinal = 1
            or newest.ordinal <= $2
                and d.payload_bytes + coalesce(octet_length(d.error::text), 0) + newest.bytes <= 4194304
        order by newest.ordinal
    ) as attempts
from eventlease.dead_letters d
where d.event_id = $1
