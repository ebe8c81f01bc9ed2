-- Locks up to $6 due events of queue $1. Walks the ranges in the order given and stops at the
-- limit; each range starts behind its edge, where the dead entries of what was leased before are
-- not met again, and ends at the present, so that delayed events cost nothing.
select due.event_id, due.lane, due.priority, due.available_at, due.payload_bytes, due.is_overdue
from unnest($2::smallint[], $3::smallint[], $4::timestamptz[], $5::uuid[])
    as edge (lane, priority, available_at, event_id)
cross join lateral (
    select q.event_id, q.lane, q.priority, q.available_at, q.payload_bytes,
        q.available_at < statement_timestamp() - make_interval(secs => $7) as is_overdue
    from eventlease.event_queue q
    where q.engine_type = $1
        and q.state = 'queued'
        and q.lane = edge.lane
        and q.priority = edge.priority
        and (q.available_at, q.event_id) > (edge.available_at, edge.event_id)
        and q.available_at <= statement_timestamp()
        and (q.discard_at is null or q.discard_at > statement_timestamp())
    order by q.available_at, q.event_id
    limit $6
    for update skip locked
) due
limit $6
