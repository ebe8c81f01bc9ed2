-- Puts locked events back into the queue. A silent loss keeps its token, for a late report.
update eventlease.event_queue q
set state = 'queued',
    lane = back.lane,
    available_at = back.available_at,
    failures = back.failures,
    lease_losses = back.lease_losses,
    releases = back.releases,
    lease_token = case when back.keeps_token then q.lease_token end,
    leased_by = null,
    leased_at = null,
    lease_expires_at = null,
    poll_id = null,
    poll_terms = null,
    progress = null
from unnest($1::uuid[], $2::timestamptz[], $3::boolean[], $4::integer[], $5::integer[], $6::integer[],
    $7::smallint[]) as back (event_id, available_at, keeps_token, failures, lease_losses, releases, lane)
where q.event_id = back.event_id
