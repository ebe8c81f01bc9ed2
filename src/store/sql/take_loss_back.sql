-- Takes a silent loss back: $1 the event, locked and queued; $2 the lost lease's token; $3 the caller. The lane stays: the report
-- that takes the loss back ends the attempt in the same transaction.
with lost as (
    delete from eventlease.event_attempts a
    using eventlease.event_queue q
    where q.event_id = $1 and q.lease_token = $2
        and a.event_id = $1 and a.event_id = q.event_id and a.engine_type = q.engine_type
        and a.attempt = q.attempt
        and a.lease_token = $2
        and ($3::uuid is null or a.engine_id is null or a.engine_id = $3)
    returning a.event_id, a.engine_id, a.engine_software_version, a.incarnation, a.leased_at, a.ended_at, a.progress
),
gone as (
    delete from eventlease.event_queue q
    using lost
    where q.event_id = lost.event_id and q.event_id = $1
    returning q.*, lost.engine_id, lost.engine_software_version, lost.incarnation, lost.leased_at, lost.ended_at,
        lost.progress
)
insert into eventlease.event_leases (event_id, engine_type, event_type, lane, priority, available_at, payload_bytes,
    attempt, failures, lease_losses, releases, redrives, visibility_timeout_seconds, retry_policy, lease_token, leased_by,
    incarnation, engine_software_version, leased_at, lease_expires_at, lease_deadline_at, lease_seconds, progress,
    scenario_run_id, unique_key)
select event_id, engine_type, event_type, lane, priority, available_at,
    payload_bytes, attempt, failures, lease_losses - 1, releases, redrives, visibility_timeout_seconds, retry_policy,
    lease_token, engine_id, incarnation, engine_software_version, leased_at, least(ended_at, lease_deadline_at),
    lease_deadline_at, lease_seconds, progress, scenario_run_id, unique_key
from gone
