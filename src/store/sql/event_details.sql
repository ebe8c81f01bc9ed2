-- Events of `page` (event_id, with_payload) with all that is known of them, the newest first. A dead
-- letter is found also after the partition of its event is gone.
select
    fact.event_id,
    fact.engine_type,
    fact.event_type,
    coalesce(q.state, latest.final_status, case when d.event_id is not null then 'failed' end) as status,
    case when page.with_payload then fact.payload end as payload,
    fact.payload_bytes,
    coalesce(q.priority, d.priority, fact.priority) as priority,
    fact.scenario_run_id,
    fact.created_at,
    q.available_at,
    case when q.event_id is null then coalesce(latest.ended_at, d.dead_lettered_at) end as finished_at,
    coalesce(q.attempt, latest.leases, d.attempt, 0) as attempt,
    coalesce(q.failures, d.failures, spent.failures, 0) as failures,
    coalesce(q.lease_losses, d.lease_losses, spent.lease_losses, 0) as lease_losses,
    coalesce(q.redrives, d.redrives, spent.redrives, 0) as redrives,
    q.leased_by,
    coalesce(q.state = 'processing', false) as is_leased,
    q.lease_expires_at,
    q.progress,
    case when q.event_id is null then latest.result end as result,
    coalesce(latest.error, d.error) as error,
    d.reason as dead_letter_reason,
    coalesce(q.cancel_requested_at is not null, false) as is_cancel_requested,
    fact.redriven_from,
    d.redriven_as,
    fact.caused_by,
    fact.traceparent,
    fact.unique_key,
    fact.enqueued_by
from page
cross join lateral (
    select e.event_id, e.engine_type, e.event_type, e.payload, e.payload_bytes, e.priority,
        e.scenario_run_id, e.created_at, e.redriven_from, e.caused_by, e.traceparent, e.unique_key, e.enqueued_by
    from eventlease.events e
    where e.event_id = page.event_id
    union all
    select d.event_id, d.engine_type, d.event_type, d.payload, d.payload_bytes, d.priority,
        d.scenario_run_id, d.created_at, d.redriven_from, d.caused_by, d.traceparent, d.unique_key, d.enqueued_by
    from eventlease.dead_letters d
    where d.event_id = page.event_id and not exists (select from eventlease.events e where e.event_id = page.event_id)
    -- each look-up has its limit, so that none is turned into a join that reads a whole table
    limit 1
) fact
left join lateral (
    select q.event_id, q.state, q.priority, q.available_at, q.attempt, q.failures, q.lease_losses, q.redrives,
        q.leased_by, q.lease_expires_at, q.progress, q.cancel_requested_at
    from eventlease.open_events q
    where q.event_id = page.event_id
    limit 1
) q on true
left join lateral (
    select d.event_id, d.priority, d.dead_lettered_at, d.attempt, d.failures, d.lease_losses, d.redrives, d.error,
        d.reason, d.redriven_as
    from eventlease.dead_letters d
    where d.event_id = page.event_id and d.engine_type = fact.engine_type
    limit 1
) d on true
left join lateral (
    select a.attempt, a.result, a.error, a.ended_at, a.final_status,
        -- what ended an event in its queue is recorded behind its attempts, and is no lease
        case when a.leased_at is null then a.attempt - 1 else a.attempt end as leases
    from eventlease.event_attempts a
    where a.event_id = page.event_id
    order by a.attempt desc
    limit 1
) latest on true
-- Of what has ended, and is no dead letter, only the attempts tell what it had spent: those since the last that ended it
-- before, which a redrive undid.
left join lateral (
    select count(*) filter (where a.outcome = 'failed' and a.attempt > redriven.after)::integer as failures,
        count(*) filter (
            where a.attempt > redriven.after
                and (a.outcome in ('expired', 'engine_unresponsive', 'engine_restarted', 'max_lease')
                    or a.outcome = 'deregistered' and a.answer <> 'released'))::integer as lease_losses,
        max(redriven.times) as redrives
    from (
        select coalesce(max(b.attempt), 0) as after, count(*)::integer as times
        from eventlease.event_attempts b
        where b.event_id = page.event_id and b.final_status = 'failed' and b.attempt < latest.attempt
    ) redriven
    join eventlease.event_attempts a on a.event_id = page.event_id
    where q.event_id is null and d.event_id is null and (latest.attempt > 1 or latest.final_status <> 'completed')
) spent on true
order by page.event_id desc
