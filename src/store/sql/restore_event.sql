-- Gives a dead letter whose event or attempts were dropped with their partition both back.
with dead as (
    select * from eventlease.dead_letters where event_id = $1
),
fact as (
    insert into eventlease.events (event_id, engine_type, event_type, payload, payload_bytes, priority,
        scenario_run_id, created_at, traceparent, tracestate)
    select event_id, engine_type, event_type, payload, payload_bytes, priority, scenario_run_id,
        created_at, traceparent, tracestate
    from dead
    on conflict do nothing
)
insert into eventlease.event_attempts (event_id, engine_type, attempt, engine_id, engine_software_version,
    incarnation, leased_at, ended_at, outcome, answer, result, error, progress, late_by_seconds,
    final_status)
select dead.event_id, dead.engine_type, a.attempt, a.engine_id, a.engine_software_version, a.incarnation,
    a.leased_at, a.ended_at, a.outcome, a.answer, a.result, a.error, a.progress, a.late_by_seconds,
    a.final_status
from dead
cross join lateral json_to_recordset(dead.attempts) as a (attempt integer, engine_id uuid,
    engine_software_version text, incarnation integer, leased_at timestamptz, ended_at timestamptz,
    outcome text, answer text, result json, error json, progress json,
    late_by_seconds double precision, final_status text)
on conflict do nothing
