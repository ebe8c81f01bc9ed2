-- A page of runs behind $1, in the order of their names, up to $3: those that have open events in queues $2 (null: all of them),
-- and those that are cancelled in them. Walks from name to name, so that it costs no more than there are runs.
with recursive walk (scenario_run_id, ordinal) as (
    select $1::text, 0
    union all
    select
        (select min(next.scenario_run_id)
         from (
             (select q.scenario_run_id
              from eventlease.event_queue q
              where q.scenario_run_id > walk.scenario_run_id and ($2::text[] is null or q.engine_type = any($2))
              order by q.scenario_run_id
              limit 1)
             union all
             (select q.scenario_run_id
              from eventlease.event_leases q
              where q.scenario_run_id > walk.scenario_run_id and ($2::text[] is null or q.engine_type = any($2))
              order by q.scenario_run_id
              limit 1)
             union all
             (select r.scenario_run_id
              from eventlease.scenario_runs r
              where r.scenario_run_id > walk.scenario_run_id and ($2::text[] is null or r.engine_type = any($2))
              order by r.scenario_run_id
              limit 1)
         ) next),
        walk.ordinal + 1
    from walk
    where walk.scenario_run_id is not null and walk.ordinal < $3
)
select
    walk.scenario_run_id,
    queued.is_there is not null or leased.is_there is not null as has_open_events,
    cancellation.engine_types, cancellation.cancelled_at, cancellation.cancelled_by
from walk
left join lateral (
    select true as is_there
    from eventlease.event_queue q
    where q.scenario_run_id = walk.scenario_run_id and ($2::text[] is null or q.engine_type = any($2))
    limit 1
) queued on true
left join lateral (
    select true as is_there
    from eventlease.event_leases q
    where q.scenario_run_id = walk.scenario_run_id and ($2::text[] is null or q.engine_type = any($2))
    limit 1
) leased on true
cross join lateral (
    select coalesce(array_agg(r.engine_type order by r.engine_type), '{}') as engine_types,
        max(r.cancelled_at) as cancelled_at,
        (array_agg(r.cancelled_by order by r.cancelled_at desc))[1] as cancelled_by
    from eventlease.scenario_runs r
    where r.scenario_run_id = walk.scenario_run_id
        and ($2::text[] is null or r.engine_type = '' or r.engine_type = any($2))
) cancellation
where walk.ordinal > 0 and walk.scenario_run_id is not null
order by walk.scenario_run_id
