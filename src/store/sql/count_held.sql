-- What engines $1 hold: how many leases, whether one is of a suspect, the polls that were given them, the events, and
-- since when the oldest is held. Of an engine's leases from before its time in $2 only those are looked for that are
-- known: of events $3, from its place in $4 to its place in $5.
select
    held.leases,
    held.has_suspect,
    held.poll_ids,
    held.event_ids,
    coalesce(held.since, statement_timestamp()) as since,
    statement_timestamp() as counted_at
from unnest($1::uuid[], $2::timestamptz[], $4::integer[], $5::integer[]) with ordinality
    as engine (engine_id, since, first, last, ordinal)
cross join lateral (
    select count(*)::integer as leases, coalesce(bool_or(q.lane = 1), false) as has_suspect,
        array_agg(distinct q.poll_id) filter (where q.poll_id is not null) as poll_ids,
        array_agg(q.event_id) as event_ids,
        min(q.leased_at) as since
    from (
        select q.event_id, q.lane, q.poll_id, q.leased_at
        from eventlease.event_queue q
        where q.leased_by = engine.engine_id and q.leased_at >= engine.since
        union all
        select q.event_id, q.lane, q.poll_id, q.leased_at
        from unnest(($3::uuid[])[engine.first : engine.last]) as known (event_id)
        cross join lateral (
            select q.event_id, q.lane, q.poll_id, q.leased_at, q.leased_by
            from eventlease.event_queue q
            where q.event_id = known.event_id
            limit 1
        ) q
        where q.leased_by = engine.engine_id and q.leased_at < engine.since
    ) q
) held
order by engine.ordinal
