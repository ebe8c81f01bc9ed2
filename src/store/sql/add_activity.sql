-- Adds what replica $2 counted since the last time to its row of these ten seconds. The durations of
-- all queues come as one array, $8 buckets each, and so do their waits, $13 buckets each.
insert into eventlease.queue_activity as known
    (engine_type, period_at, replica_id, enqueued, completed, failed, lost, durations, released, late, dead_lettered, waits,
        cancelled)
select counted.engine_type,
    to_timestamp(floor(extract(epoch from statement_timestamp()) / 10) * 10), $2,
    counted.enqueued, counted.completed, counted.failed, counted.lost,
    ($7::bigint[])[((ordinal - 1) * $8 + 1)::integer : (ordinal * $8)::integer],
    counted.released, counted.late, counted.dead_lettered,
    case when counted.has_waits then ($12::bigint[])[((ordinal - 1) * $13 + 1)::integer : (ordinal * $13)::integer] end,
    counted.cancelled
from unnest($1::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $9::bigint[], $10::bigint[], $11::bigint[],
        $14::boolean[], $15::bigint[])
    with ordinality as counted (engine_type, enqueued, completed, failed, lost, released, late, dead_lettered, has_waits,
        cancelled, ordinal)
on conflict (engine_type, period_at, replica_id) do update
set enqueued = known.enqueued + excluded.enqueued,
    completed = known.completed + excluded.completed,
    failed = known.failed + excluded.failed,
    lost = known.lost + excluded.lost,
    released = known.released + excluded.released,
    late = known.late + excluded.late,
    dead_lettered = known.dead_lettered + excluded.dead_lettered,
    cancelled = known.cancelled + excluded.cancelled,
    durations = (
        select array_agg(pair.before + pair.added order by pair.place)
        from unnest(known.durations, excluded.durations) with ordinality as pair (before, added, place)
    ),
    waits = case
        when known.waits is null then excluded.waits
        when excluded.waits is null then known.waits
        else (
            select array_agg(pair.before + pair.added order by pair.place)
            from unnest(known.waits, excluded.waits) with ordinality as pair (before, added, place)
        )
    end
