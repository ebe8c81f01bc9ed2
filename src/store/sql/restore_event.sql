-- Gives a dead letter whose event was dropped with its partition the event back.
insert into eventlease.events (event_id, engine_type, event_type, payload, payload_bytes, priority,
    scenario_run_id, created_at, traceparent, tracestate, redriven_from, enqueued_by, unique_key, caused_by)
select event_id, engine_type, event_type, payload, payload_bytes, priority, scenario_run_id,
    created_at, traceparent, tracestate, redriven_from, enqueued_by, unique_key, caused_by
from eventlease.dead_letters
where event_id = $1
on conflict do nothing
