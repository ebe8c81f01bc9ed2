-- Run $1 in queues $2 (null: all of them): its events by status, up to $3 of those that are queued, leased and stored. Of those
-- that are stored, the newest are counted.
with newest as materialized (
    select e.event_id, e.engine_type
    from eventlease.events e
    where e.scenario_run_id = $1 and ($2::text[] is null or e.engine_type = any($2))
    order by e.event_id desc
    limit $3
),
-- what is open again after a redrive has an attempt that ended it, too
ended as materialized (
    select latest.final_status, latest.ended_at
    from newest
    cross join lateral (
        select a.final_status, a.ended_at
        from eventlease.event_attempts a
        where a.event_id = newest.event_id and a.engine_type = newest.engine_type
        order by a.attempt desc
        limit 1
    ) latest
    left join lateral (
        select true as is_open from eventlease.open_events q where q.event_id = newest.event_id limit 1
    ) open_event on true
    where latest.final_status is not null and open_event.is_open is null
),
-- dead letters that outlived the partition of their event
outlived as materialized (
    select d.dead_lettered_at
    from eventlease.dead_letters d
    where d.scenario_run_id = $1 and ($2::text[] is null or d.engine_type = any($2))
        and (select true from eventlease.events e where e.event_id = d.event_id limit 1) is null
    limit $3
)
select
    (select count(*) from (
        select from eventlease.event_queue q
        where q.scenario_run_id = $1 and ($2::text[] is null or q.engine_type = any($2))
        limit $3) counted) as queued,
    (select count(*) from (
        select from eventlease.event_leases q
        where q.scenario_run_id = $1 and ($2::text[] is null or q.engine_type = any($2))
        limit $3) counted) as processing,
    (select count(*) from ended where final_status = 'completed') as completed,
    (select count(*) from ended where final_status = 'failed') + (select count(*) from outlived) as failed,
    (select count(*) from ended where final_status = 'cancelled') as cancelled,
    (select count(*) from newest) as stored,
    (select e.created_at
     from eventlease.events e
     where e.scenario_run_id = $1 and ($2::text[] is null or e.engine_type = any($2))
     order by e.event_id
     limit 1) as first_created_at,
    greatest((select max(ended_at) from ended), (select max(dead_lettered_at) from outlived)) as last_ended_at,
    cancellation.*
from (
    select coalesce(array_agg(r.engine_type order by r.engine_type), '{}') as engine_types,
        max(r.cancelled_at) as cancelled_at,
        (array_agg(r.cancelled_by order by r.cancelled_at desc))[1] as cancelled_by
    from eventlease.scenario_runs r
    where r.scenario_run_id = $1 and ($2::text[] is null or r.engine_type = '' or r.engine_type = any($2))
) cancellation
