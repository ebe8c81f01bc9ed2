-- All that an engine is told of the events in `leased`: their facts (one partition each), the
-- attempt before, and the four levels of the retry policy. No event is before $1 or behind $2: so the
-- partitions of other days are not even opened, which for one event would be most of the work.
select
    leased.event_id,
    leased.engine_type,
    leased.event_type,
    case when leased.is_brief then 'null'::json else fact.payload end as payload,
    leased.payload_bytes,
    leased.priority,
    fact.scenario_run_id,
    fact.created_at,
    leased.available_at,
    leased.attempt,
    leased.failures,
    leased.lease_losses,
    leased.releases,
    leased.retry_policy as own_policy,
    of_type.retry_policy as type_policy,
    of_queue.retry_policy as queue_policy,
    of_server.retry_policy as server_policy,
    previous.outcome as previous_outcome,
    case when not leased.is_brief then previous.error end as previous_error,
    case when not leased.is_brief then previous.progress end as previous_progress,
    previous.ended_at as previous_ended_at,
    previous.code as previous_code,
    previous.reason as previous_reason,
    fact.traceparent,
    fact.tracestate,
    leased.lease_token,
    leased.leased_by,
    leased.leased_at,
    leased.lease_expires_at as expires_at,
    extract(epoch from leased.lease_expires_at - statement_timestamp())::float8 as expires_in_seconds,
    leased.lease_deadline_at as deadline_at,
    leased.lease_seconds as visibility_timeout_seconds,
    leased.poll_terms,
    leased.is_brief
from leased
cross join lateral (
    select e.payload, e.scenario_run_id, e.created_at, e.traceparent, e.tracestate
    from eventlease.events e
    where e.event_id = leased.event_id and e.engine_type = leased.engine_type
        and e.event_id >= $1 and e.event_id <= $2
    limit 1
) fact
left join lateral (
    select a.outcome, a.error, a.progress, a.ended_at, a.code, a.reason
    from eventlease.event_attempts a
    where leased.attempt > 1
        and a.event_id = leased.event_id and a.engine_type = leased.engine_type
        and a.event_id >= $1 and a.event_id <= $2
        and a.attempt = leased.attempt - 1
    limit 1
) previous on true
left join eventlease.event_types of_type on of_type.event_type = leased.event_type
left join eventlease.queues of_queue on of_queue.engine_type = leased.engine_type
join eventlease.server_settings of_server on of_server.is_only_row
order by leased.ordinal
