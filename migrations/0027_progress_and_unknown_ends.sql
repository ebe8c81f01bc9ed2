-- When progress was reported, and how many events of a redrive job ended in a way that is not known. Replicas of the version before go
-- on beside this: columns are added, and the view keeps the others. What they renew keeps the time of the progress before.

alter table eventlease.event_leases add column progress_at timestamptz;

alter table eventlease.redrive_jobs add column unknown bigint not null default 0;

-- As before, with one column more.
create or replace view eventlease.open_events as
select event_id, engine_type, event_type, 'queued' as state, lane, priority, available_at, payload_bytes, attempt, failures,
    lease_losses, releases, redrives, visibility_timeout_seconds, retry_policy, lease_token, null::uuid as leased_by,
    null::integer as incarnation, null::text as engine_software_version, null::timestamptz as leased_at,
    null::timestamptz as lease_expires_at, lease_deadline_at, null::json as progress,
    null::timestamptz as cancel_requested_at, scenario_run_id, unique_key, null::timestamptz as progress_at
from eventlease.event_queue
union all
select event_id, engine_type, event_type, 'processing', lane, priority, available_at, payload_bytes, attempt, failures,
    lease_losses, releases, redrives, visibility_timeout_seconds, retry_policy, lease_token, leased_by,
    incarnation, engine_software_version, leased_at,
    lease_expires_at, lease_deadline_at, progress,
    cancel_requested_at, scenario_run_id, unique_key, progress_at
from eventlease.event_leases;
