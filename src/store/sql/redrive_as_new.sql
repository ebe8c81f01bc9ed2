-- Makes new events of locked dead letters $1 with payloads $2, due $4 seconds after $8, or after now, and marks the old ones by them.
-- Their ids are $7, where those are given.
with asked as (
    select *
    from unnest($1::uuid[], $2::text[], $4::float8[], $7::uuid[]) with ordinality
        as asked (event_id, payload, delay_seconds, new_id, place)
),
dead as materialized (
    select
        d.event_id, d.engine_type, d.event_type, d.scenario_run_id, d.traceparent, d.tracestate, d.enqueued_by,
        d.unique_key, d.caused_by, asked.payload,
        coalesce($3::smallint, d.priority) as priority,
        coalesce($5::integer, d.visibility_timeout_seconds) as visibility_timeout_seconds,
        coalesce($6::json, d.retry_policy) as retry_policy,
        coalesce(asked.new_id, eventlease.new_event_id(statement_timestamp(), (asked.place - 1)::integer)) as new_id,
        greatest(statement_timestamp(),
            coalesce($8::timestamptz, statement_timestamp()) + make_interval(secs => asked.delay_seconds)) as available_at
    from asked
    cross join lateral (
        select * from eventlease.dead_letters d
        where d.event_id = asked.event_id
        limit 1
    ) d
),
fact as (
    insert into eventlease.events (event_id, engine_type, event_type, payload, payload_bytes, priority,
        scenario_run_id, created_at, traceparent, tracestate, redriven_from, enqueued_by, unique_key, caused_by)
    select new_id, engine_type, event_type, payload::json, octet_length(payload), priority, scenario_run_id,
        statement_timestamp(), traceparent, tracestate, event_id, enqueued_by, unique_key, caused_by
    from dead
),
open_event as (
    insert into eventlease.event_queue (event_id, engine_type, event_type, priority, available_at,
        payload_bytes, visibility_timeout_seconds, retry_policy, scenario_run_id, unique_key)
    select new_id, engine_type, event_type, priority, available_at, octet_length(payload),
        visibility_timeout_seconds, retry_policy, scenario_run_id, unique_key
    from dead
),
mark as (
    update eventlease.dead_letters d
    set redriven_as = dead.new_id
    from dead
    where d.event_id = dead.event_id
)
select new_id as event_id, dead.event_id as dead_letter_id, engine_type, priority, available_at,
    available_at <= statement_timestamp() as is_due
from dead
