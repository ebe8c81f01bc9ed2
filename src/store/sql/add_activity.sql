-- Adds what replica $2 counted since the last time to its row of these ten seconds. The durations of
-- all queues come as one array, $8 buckets each.
insert into eventlease.queue_activity as known
    (engine_type, period_at, replica_id, enqueued, completed, failed, lost, durations)
select counted.engine_type,
    to_timestamp(floor(extract(epoch from statement_timestamp()) / 10) * 10), $2,
    counted.enqueued, counted.completed, counted.failed, counted.lost,
    ($7::bigint[])[((ordinal - 1) * $8 + 1)::integer : (ordinal * $8)::integer]
from unnest($1::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
    with ordinality as counted (engine_type, enqueued, completed, failed, lost, ordinal)
on conflict (engine_type, period_at, replica_id) do update
set enqueued = known.enqueued + excluded.enqueued,
    completed = known.completed + excluded.completed,
    failed = known.failed + excluded.failed,
    lost = known.lost + excluded.lost,
    durations = (
        select array_agg(pair.before + pair.added order by pair.place)
        from unnest(known.durations, excluded.durations) with ordinality as pair (before, added, place)
    )
