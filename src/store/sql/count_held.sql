-- What engines $1 hold, each counted from its time in $2: how many leases, whether one is of a suspect, the polls
-- that were given them, and since when the oldest is held.
select
    held.leases,
    held.has_suspect,
    held.poll_ids,
    coalesce(held.since, statement_timestamp()) as since
from unnest($1::uuid[], $2::timestamptz[]) with ordinality as engine (engine_id, since, ordinal)
cross join lateral (
    select count(*)::integer as leases, coalesce(bool_or(q.lane = 1), false) as has_suspect,
        array_agg(distinct q.poll_id) filter (where q.poll_id is not null) as poll_ids,
        min(q.leased_at) as since
    from eventlease.event_queue q
    where q.leased_by = engine.engine_id and q.leased_at >= engine.since
) held
order by engine.ordinal
