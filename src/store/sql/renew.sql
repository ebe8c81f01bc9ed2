-- Renews leases whose rows are locked. $4: whether a lease may end earlier than before.
update eventlease.event_leases q
set lease_seconds = coalesce(asked.seconds, q.lease_seconds),
    progress = coalesce(asked.progress::json, q.progress),
    progress_at = case when asked.progress is null then q.progress_at else statement_timestamp() end,
    lease_expires_at = least(q.lease_deadline_at, greatest(
        statement_timestamp() + make_interval(secs => coalesce(asked.seconds, q.lease_seconds)),
        case when $4 then null else q.lease_expires_at end
    ))
from unnest($1::uuid[], $2::integer[], $3::text[]) as asked (event_id, seconds, progress)
where q.event_id = asked.event_id and q.event_id = any($1)
returning q.event_id, q.lease_expires_at as expires_at,
    extract(epoch from q.lease_expires_at - statement_timestamp())::float8 as expires_in_seconds
