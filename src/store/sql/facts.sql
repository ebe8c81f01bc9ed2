-- The facts of events $3. No event is before $1 or behind $2: so the partitions of other days are not even opened.
select event_id, payload, scenario_run_id, created_at, traceparent, tracestate
from eventlease.events
where event_id = any($3::uuid[]) and event_id between $1 and $2
