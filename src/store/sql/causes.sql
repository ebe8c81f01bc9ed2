-- What follow-up events inherit from events $1, whose completion brings them.
select asked.event_id, e.engine_type, e.scenario_run_id, e.traceparent, e.tracestate
from unnest($1::uuid[]) as asked (event_id)
cross join lateral (
    select e.engine_type, e.scenario_run_id, e.traceparent, e.tracestate
    from eventlease.events e
    where e.event_id = asked.event_id
    limit 1
) e
