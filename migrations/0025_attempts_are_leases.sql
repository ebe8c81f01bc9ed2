-- The view counts as attempts what were leases: an event that was cancelled in its queue without one has 0. Replicas of the
-- version before go on beside this: columns and their types stay. Replaced, since others may have views of it, and rights.
create or replace view eventlease.event_instances as
select
    e.event_id,
    e.engine_type,
    e.event_type,
    coalesce(q.state, latest.final_status) as status,
    case when q.state = 'processing'
        then 'processing_by_' || coalesce(q.leased_by::text, 'anonymous') end as lock,
    q.leased_by,
    q.lease_expires_at,
    coalesce(q.attempt, latest.leases, 0) as attempt,
    coalesce(q.priority, e.priority) as priority,
    e.scenario_run_id,
    e.payload,
    latest.result,
    latest.error,
    e.created_at,
    q.available_at,
    case when q.event_id is null then latest.ended_at end as finished_at
from eventlease.events e
left join eventlease.open_events q on q.event_id = e.event_id
left join lateral (
    select a.result, a.error, a.ended_at, a.final_status,
        -- what ended an event in its queue is recorded behind its attempts, and is no lease
        case when a.leased_at is null then a.attempt - 1 else a.attempt end as leases
    from eventlease.event_attempts a
    where a.event_id = e.event_id and a.engine_type = e.engine_type
    order by a.attempt desc
    limit 1
) latest on true
union all
-- dead letters that outlived the partition of their event
select
    d.event_id, d.engine_type, d.event_type, 'failed', null, null, null, d.attempt, d.priority,
    d.scenario_run_id, d.payload, null, d.error, d.created_at, null, d.dead_lettered_at
from eventlease.dead_letters d
where not exists (
    select from eventlease.events e
    where e.event_id = d.event_id and e.engine_type = d.engine_type
);
