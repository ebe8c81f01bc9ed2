-- Events of `page` (event_id, with_payload, is_brief) with all that is known of them, the newest first. A dead
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
    q.leased_at,
    q.lease_expires_at,
    case when q.state = 'processing' then q.lease_deadline_at end as lease_deadline_at,
    coalesce(q.lane > 0, false) as is_suspect,
    waiting.discard_at,
    case when not page.is_brief then q.retry_policy end as own_policy,
    of_type.retry_policy as type_policy,
    of_queue.retry_policy as queue_policy,
    of_server.retry_policy as server_policy,
    case when not page.is_brief then q.progress end as progress,
    q.progress_at,
    coalesce(octet_length(q.progress::text), 0) as progress_bytes,
    case when q.event_id is null and not page.is_brief then latest.result end as result,
    case when q.event_id is null then coalesce(octet_length(latest.result::text), 0) else 0 end as result_bytes,
    case when not page.is_brief then coalesce(latest.error, d.error) end as error,
    left(coalesce(d.error_type, eventlease.json_text(latest.error, 'type')), 200) as error_type,
    left(coalesce(d.error_message, eventlease.json_text(latest.error, 'message')), 200) as error_message,
    coalesce(octet_length(coalesce(latest.error, d.error)::text), 0) as error_bytes,
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
        q.leased_by, q.leased_at, q.lease_expires_at, q.lease_deadline_at, q.lane, q.retry_policy, q.progress,
        q.progress_at, q.cancel_requested_at
    from eventlease.open_events q
    where q.event_id = page.event_id
    limit 1
) q on true
left join lateral (
    select d.event_id, d.priority, d.dead_lettered_at, d.attempt, d.failures, d.lease_losses, d.redrives, d.error,
        d.error_type, d.error_message, d.reason, d.redriven_as
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
left join lateral (
    select w.discard_at
    from eventlease.event_queue w
    where w.event_id = page.event_id and q.state = 'queued'
    limit 1
) waiting on true
-- what open events inherit
left join lateral (
    select t.retry_policy
    from eventlease.event_types t
    where t.event_type = fact.event_type and q.event_id is not null and not page.is_brief
    limit 1
) of_type on true
left join lateral (
    select u.retry_policy
    from eventlease.queues u
    where u.engine_type = fact.engine_type and q.event_id is not null and not page.is_brief
    limit 1
) of_queue on true
left join lateral (
    select s.retry_policy
    from eventlease.server_settings s
    where s.is_only_row and q.event_id is not null and not page.is_brief
    limit 1
) of_server on true
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
