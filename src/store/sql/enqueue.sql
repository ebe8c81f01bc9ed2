-- Takes a batch of events in: their facts, their places in the queue, and the queues ($16) that may be new.
with moment as materialized (
    select statement_timestamp() as now,
        -- of one time all ids begin alike, down to the hyphen before their last 64 bits
        left(eventlease.new_event_id(statement_timestamp(), 0)::text, 19) as id_beginning
),
-- ids and times, once for the whole statement
placed as materialized (
    select
        sent.*,
        coalesce(sent.given_id, (moment.id_beginning || substr(sent.id_ending::text, 20))::uuid) as event_id,
        moment.now as created_at,
        greatest(moment.now,
            coalesce(sent.asked_for, moment.now + make_interval(secs => sent.delay_seconds))) as available_at,
        coalesce(sent.asked_for <= moment.now + make_interval(secs => $12), true) as is_within_bound
    from unnest($1::text[], $2::text[], $3::text[], $4::smallint[], $5::float8[], $6::timestamptz[],
            $7::text[], $8::integer[], $9::text[], $10::text[], $11::text[], $13::uuid[], $14::text[], $15::float8[],
            $17::uuid[], $18::text[], $19::text[], $20::uuid[])
        with ordinality as sent (engine_type, event_type, payload, priority, delay_seconds, asked_for,
            scenario_run_id, visibility_timeout_seconds, retry_policy, traceparent, tracestate, given_id,
            idempotency_key, discard_after_seconds, id_ending, enqueued_by, unique_key, caused_by,
            ordinal)
    cross join moment
),
facts as (
    insert into eventlease.events (event_id, engine_type, event_type, payload, payload_bytes, priority,
        scenario_run_id, created_at, traceparent, tracestate, idempotency_key, enqueued_by, unique_key, caused_by)
    select event_id, engine_type, event_type, payload::json, octet_length(payload), priority,
        scenario_run_id, created_at, traceparent, tracestate, idempotency_key, enqueued_by, unique_key, caused_by
    from placed
    where is_within_bound
),
open_events as (
    insert into eventlease.event_queue (event_id, engine_type, event_type, priority, available_at,
        payload_bytes, visibility_timeout_seconds, retry_policy, discard_at, scenario_run_id, unique_key)
    select event_id, engine_type, event_type, priority, available_at,
        octet_length(payload), visibility_timeout_seconds, retry_policy::json,
        created_at + make_interval(secs => discard_after_seconds), scenario_run_id, unique_key
    from placed
    where is_within_bound
),
queues as (
    insert into eventlease.queues (engine_type)
    select new.engine_type from unnest($16::text[]) as new (engine_type)
    where exists (select from placed where placed.engine_type = new.engine_type and placed.is_within_bound)
    on conflict (engine_type) do nothing
),
-- Each queue once, by one look-up: "exists" may read all engines.
with_engines as materialized (
    select queue.engine_type
    from (select distinct engine_type from placed) queue
    cross join lateral (
        select from eventlease.engine_states s where s.engine_type = queue.engine_type limit 1
    ) engine
)
select
    placed.event_id,
    placed.created_at,
    placed.available_at,
    placed.available_at <= placed.created_at as is_due,
    placed.is_within_bound,
    placed.engine_type in (select with_engines.engine_type from with_engines) as has_engine
from placed
order by placed.ordinal
