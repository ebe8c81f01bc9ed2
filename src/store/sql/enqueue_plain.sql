-- Takes a batch of events in that are due at once and have no settings of their own, into queues that exist: the usual
-- case, without what the others need for each row. $1: the ends of their ids, behind the hyphen after the first 64 bits;
-- $11: their queues, each once. The answer is one row.
with moment as materialized (
    -- of one time all ids begin alike
    select eventlease.new_event_id(statement_timestamp(), 0) as id
),
facts as (
    insert into eventlease.events (event_id, engine_type, event_type, payload, payload_bytes, priority,
        scenario_run_id, created_at, traceparent, tracestate, enqueued_by)
    select ((select left(id::text, 19) from moment) || id_ending)::uuid, engine_type, event_type, payload::json,
        payload_bytes, priority, scenario_run_id, statement_timestamp(), traceparent, tracestate, enqueued_by
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::smallint[], $7::text[], $8::text[],
            $9::text[], $10::text[])
        as sent (id_ending, engine_type, event_type, payload, payload_bytes, priority, scenario_run_id, traceparent,
            tracestate, enqueued_by)
),
open_events as (
    insert into eventlease.event_queue (event_id, engine_type, event_type, priority, available_at, payload_bytes,
        scenario_run_id)
    select ((select left(id::text, 19) from moment) || id_ending)::uuid, engine_type, event_type, priority,
        statement_timestamp(), payload_bytes, scenario_run_id
    from unnest($1::text[], $2::text[], $3::text[], $5::integer[], $6::smallint[], $7::text[])
        as sent (id_ending, engine_type, event_type, payload_bytes, priority, scenario_run_id)
)
select statement_timestamp() as now, moment.id as id_beginning,
    array(
        select queue.engine_type
        from unnest($11::text[]) as queue (engine_type)
        left join lateral (
            select true as is_there from eventlease.engine_states s where s.engine_type = queue.engine_type limit 1
        ) engine on true
        where engine.is_there is null
    ) as queues_without_engines
from moment
