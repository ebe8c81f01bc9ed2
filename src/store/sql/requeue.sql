-- Puts locked events, which are leased, back into the queue. A silent loss keeps its token, for a late report.
with gone as (
    delete from eventlease.event_leases where event_id = any($1::uuid[])
)
insert into eventlease.event_queue (event_id, engine_type, event_type, lane, priority, available_at, payload_bytes, attempt,
    failures, lease_losses, releases, redrives, visibility_timeout_seconds, retry_policy, lease_token, lease_deadline_at,
    lease_seconds, scenario_run_id, unique_key)
select q.event_id, q.engine_type, q.event_type, back.lane, q.priority,
    back.available_at, q.payload_bytes, q.attempt, back.failures, back.lease_losses, back.releases, q.redrives,
    q.visibility_timeout_seconds, q.retry_policy, case when back.keeps_token then q.lease_token end,
    case when back.keeps_token then q.lease_deadline_at end, case when back.keeps_token then q.lease_seconds end,
    q.scenario_run_id, q.unique_key
from unnest($1::uuid[], $2::timestamptz[], $3::boolean[], $4::integer[], $5::integer[], $6::integer[],
        $7::smallint[]) as back (event_id, available_at, keeps_token, failures, lease_losses, releases, lane)
cross join lateral (
    select * from eventlease.event_leases q where q.event_id = back.event_id limit 1
) q
