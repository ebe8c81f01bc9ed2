-- Makes a new event of locked dead letter $1 with payload $2, and marks the old one by it. Its id is $7, where that is given.
with dead as materialized (
    select
        d.event_id, d.engine_type, d.event_type, d.scenario_run_id, d.traceparent, d.tracestate, d.enqueued_by,
        d.unique_key, d.caused_by,
        coalesce($3::smallint, d.priority) as priority,
        coalesce($5::integer, d.visibility_timeout_seconds) as visibility_timeout_seconds,
        coalesce($6::json, d.retry_policy) as retry_policy,
        coalesce($7::uuid, eventlease.new_event_id(statement_timestamp(), 0)) as new_id,
        statement_timestamp() + make_interval(secs => $4::float8) as available_at
    from eventlease.dead_letters d
    where d.event_id = $1
),
fact as (
    insert into eventlease.events (event_id, engine_type, event_type, payload, payload_bytes, priority,
        scenario_run_id, created_at, traceparent, tracestate, redriven_from, enqueued_by, unique_key, caused_by)
    select new_id, engine_type, event_type, $2::text::json, octet_length($2), priority, scenario_run_id,
        statement_timestamp(), traceparent, tracestate, event_id, enqueued_by, unique_key, caused_by
    from dead
),
open_event as (
    insert into eventlease.event_queue (event_id, engine_type, event_type, priority, available_at,
        payload_bytes, visibility_timeout_seconds, retry_policy, scenario_run_id, unique_key)
    select new_id, engine_type, event_type, priority, available_at, octet_length($2),
        visibility_timeout_seconds, retry_policy, scenario_run_id, unique_key
    from dead
),
mark as (
    update eventlease.dead_letters d
    set redriven_as = dead.new_id
    from dead
    where d.event_id = dead.event_id
)
select new_id as event_id, engine_type, priority, available_at, available_at <= statement_timestamp() as is_due
from dead
