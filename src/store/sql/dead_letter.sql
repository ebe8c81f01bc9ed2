-- Makes dead letters of locked events, which are leased: each takes its payload and all its attempts with it.
with dead_lettered as (
    delete from eventlease.event_leases q
    using unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::integer[],
            $7::text[], $8::smallint[])
        as dead (event_id, reason, error_type, error_message, failures_spent, losses_spent, error_fingerprint,
            error_fingerprint_rule)
    where q.event_id = dead.event_id and q.event_id = any($1)
    returning q.*, dead.reason, dead.error_type, dead.error_message, dead.failures_spent, dead.losses_spent,
        dead.error_fingerprint, dead.error_fingerprint_rule
),
-- Where an event had a unique key, another may take it now.
keys as materialized (
    select k.tid, k.engine_type
    from dead_lettered q
    cross join lateral (
        select k.ctid as tid, k.engine_type
        from eventlease.open_keys k
        where k.engine_type = q.engine_type and k.unique_key = q.unique_key and k.event_id = q.event_id
        limit 1
    ) k
    where q.unique_key is not null
),
freed as (
    delete from eventlease.open_keys k
    using keys
    where k.ctid = keys.tid and (k.engine_type = keys.engine_type) is true
)
insert into eventlease.dead_letters (event_id, engine_type, event_type, reason, payload, payload_bytes,
    priority, scenario_run_id, visibility_timeout_seconds, retry_policy, created_at, traceparent,
    tracestate, dead_lettered_at, attempt, failures, lease_losses, redrives, attempts, error, error_type,
    error_message, error_fingerprint, error_fingerprint_rule, engine_software_version, redriven_from, enqueued_by,
    unique_key, caused_by)
select q.event_id, q.engine_type, q.event_type, q.reason, fact.payload, fact.payload_bytes,
    q.priority, fact.scenario_run_id, q.visibility_timeout_seconds, q.retry_policy, fact.created_at,
    fact.traceparent, fact.tracestate, statement_timestamp(), q.attempt, q.failures_spent,
    q.losses_spent, q.redrives, history.attempts, latest.error, q.error_type, q.error_message,
    q.error_fingerprint, q.error_fingerprint_rule, latest.engine_software_version, fact.redriven_from, fact.enqueued_by, q.unique_key, fact.caused_by
from dead_lettered q
cross join lateral (
    select * from eventlease.events e
    where e.event_id = q.event_id and e.engine_type = q.engine_type
    limit 1
) fact
cross join lateral (
    select json_agg(json_build_object(
        'attempt', a.attempt, 'engine_id', a.engine_id,
        'engine_software_version', a.engine_software_version, 'incarnation', a.incarnation,
        'leased_at', a.leased_at, 'ended_at', a.ended_at, 'outcome', a.outcome, 'answer', a.answer,
        'answer_available_at', a.answer_available_at,
        'result', a.result, 'error', a.error, 'progress', a.progress, 'code', a.code, 'reason', a.reason,
        'late_by_seconds', a.late_by_seconds, 'refused_report_at', a.refused_report_at,
        'refused_report_status', a.refused_report_status, 'final_status', a.final_status
    ) order by a.attempt) as attempts
    from eventlease.event_attempts a
    where a.event_id = q.event_id and a.engine_type = q.engine_type
) history
cross join lateral (
    select a.error, a.engine_software_version
    from eventlease.event_attempts a
    where a.event_id = q.event_id and a.engine_type = q.engine_type
    order by a.attempt desc
    limit 1
) latest
