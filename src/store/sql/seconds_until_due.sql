-- In how many seconds the first event of each want is due: of lane $2 of queue $1, in its ranges ($3 to $5: ten for
-- each want). One entry of each range is read, and what is too old to be leased is passed over.
select statement_timestamp(), extract(epoch from first.available_at - statement_timestamp())::float8
from unnest($1::text[], $2::smallint[]) with ordinality as want (engine_type, lane, ordinal)
cross join lateral (
    select min(due.available_at) as available_at
    from unnest(
        ($3::smallint[])[want.ordinal * 10 - 9 : want.ordinal * 10],
        ($4::timestamptz[])[want.ordinal * 10 - 9 : want.ordinal * 10],
        ($5::uuid[])[want.ordinal * 10 - 9 : want.ordinal * 10]
    ) as edge (priority, available_at, event_id)
    cross join lateral (
        select q.available_at
        from eventlease.event_queue q
        where q.engine_type = want.engine_type
            and q.lane = want.lane
            and q.priority = edge.priority
            and (q.available_at, q.event_id) > (edge.available_at, edge.event_id)
            and (q.discard_at is null or q.discard_at > statement_timestamp())
        order by q.available_at, q.event_id
        limit 1
    ) due
) first
order by want.ordinal
