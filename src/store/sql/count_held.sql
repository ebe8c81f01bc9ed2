-- What engines $1 hold, a row each lease, with its engine's place in $1; and a row without a place, of now. Of an
-- engine's leases from before its time in $2 only those are looked for that are known: events $3, each of the engine at
-- the place in $4.
select engine.ordinal::integer as place, q.event_id, q.lane, q.poll_id, q.leased_at
from unnest($1::uuid[], $2::timestamptz[]) with ordinality as engine (engine_id, since, ordinal)
cross join lateral (
    select q.event_id, q.lane, q.poll_id, q.leased_at
    from eventlease.event_leases q
    where q.leased_by = engine.engine_id and q.leased_at >= engine.since
    -- More than there can be: what has a limit is looked up for each engine, and never joined as a whole.
    limit 2000000000
) q
union all
select known.place, q.event_id, q.lane, q.poll_id, q.leased_at
from unnest($3::uuid[], $4::integer[]) as known (event_id, place)
cross join lateral (
    select q.event_id, q.lane, q.poll_id, q.leased_at, q.leased_by
    from eventlease.event_leases q
    where q.event_id = known.event_id
    limit 1
) q
where q.leased_by = ($1::uuid[])[known.place] and q.leased_at < ($2::timestamptz[])[known.place]
union all
select null, null, null, null, statement_timestamp()
