-- Takes a batch of events in: their facts, their places in the queue, and the queues themselves.
with sent as (
    select *
    from unnest($1::text[], $2::text[], $3::text[], $4::smallint[], $5::float8[], $6::timestamptz[],
                $7::text[], $8::integer[], $9::text[], $10::text[], $11::text[], $13::uuid[], $14::text[], $15::float8[])
        with ordinality as sent (engine_type, event_type, payload, priority, delay_seconds, asked_for,
                scenario_run_id, visibility_timeout_seconds, retry_policy, traceparent, tracestate, given_id,
                idempotency_key, discard_after_seconds, ordinal)
),
-- ids and times, once for the whole statement
placed as materialized (
    select
        sent.*,
        coalesce(sent.given_id, eventlease.new_event_id(statement_timestamp(), sent.ordinal::integer - 1))
            as event_id,
        statement_timestamp() as created_at,
        greatest(statement_timestamp(),
            coalesce(sent.asked_for, statement_timestamp() + make_interval(secs => sent.delay_seconds))
        ) as available_at
    from sent
),
accepted as materialized (
    select * from placed
    where available_at <= created_at + make_interval(secs => $12)
),
facts as (
    insert into eventlease.events (event_id, engine_type, event_type, payload, payload_bytes, priority,
        scenario_run_id, created_at, traceparent, tracestate, idempotency_key)
    select event_id, engine_type, event_type, payload::json, octet_length(payload), priority,
        scenario_run_id, created_at, traceparent, tracestate, idempotency_key
    from accepted
),
open_events as (
    insert into eventlease.event_queue (event_id, engine_type, event_type, state, priority, available_at,
        payload_bytes, visibility_timeout_seconds, retry_policy, discard_at)
    select event_id, engine_type, event_type, 'queued', priority, available_at,
        octet_length(payload), visibility_timeout_seconds, retry_policy::json,
        created_at + make_interval(secs => discard_after_seconds)
    from accepted
),
-- in one order, so that no two batches wait for each other's new queues
queues as (
    insert into eventlease.queues (engine_type)
    select distinct engine_type from accepted order by engine_type
    on conflict (engine_type) do nothing
)
select
    placed.event_id,
    placed.created_at,
    placed.available_at,
    placed.available_at <= placed.created_at as is_due,
    placed.available_at <= placed.created_at + make_interval(secs => $12) as is_within_bound,
    exists (select from eventlease.engine_states s where s.engine_type = placed.engine_type) as has_engine
from placed
order by placed.ordinal
