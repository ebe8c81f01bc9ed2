-- The places, from 0 on, of those runs $1 that have no open event in their queues: $2, separated by commas; null is all of them.
select asked.ordinal - 1 as place
from unnest($1::text[], $2::text[]) with ordinality as asked (scenario_run_id, engine_types, ordinal)
left join lateral (
    select true as is_there
    from eventlease.event_queue q
    where q.scenario_run_id = asked.scenario_run_id
        and (asked.engine_types is null or q.engine_type = any(string_to_array(asked.engine_types, ',')))
    limit 1
) queued on true
left join lateral (
    select true as is_there
    from eventlease.event_leases q
    where q.scenario_run_id = asked.scenario_run_id
        and (asked.engine_types is null or q.engine_type = any(string_to_array(asked.engine_types, ',')))
    limit 1
) leased on true
where queued.is_there is null and leased.is_there is null
