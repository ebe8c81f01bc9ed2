-- The events as readers of the database were promised them: one row an event, in one snapshot,
-- also in the middle of a move.
create view eventlease.event_instances as
select
    e.event_id,
    e.engine_type,
    e.event_type,
    coalesce(q.state, latest.final_status) as status,
    case when q.state = 'processing'
        then 'processing_by_' || coalesce(q.leased_by::text, 'anonymous') end as lock,
    q.leased_by,
    q.lease_expires_at,
    coalesce(q.attempt, latest.attempt, 0) as attempt,
    coalesce(q.priority, e.priority) as priority,
    e.scenario_run_id,
    e.payload,
    latest.result,
    latest.error,
    e.created_at,
    q.available_at,
    case when q.event_id is null then latest.ended_at end as finished_at
from eventlease.events e
left join eventlease.event_queue q on q.event_id = e.event_id and q.engine_type = e.engine_type
left join lateral (
    select a.attempt, a.result, a.error, a.ended_at, a.final_status
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

create function eventlease.refuse_change_of_event_instances() returns trigger
language plpgsql
as $$
begin
    raise exception 'eventlease.event_instances is read-only'
        using errcode = 'feature_not_supported',
              hint = 'Enqueue with POST /api/v1/events; report with PUT /api/v1/events/{event_id}/status.';
end
$$;

create trigger event_instances_read_only
    instead of insert or update or delete on eventlease.event_instances
    for each row execute function eventlease.refuse_change_of_event_instances();
