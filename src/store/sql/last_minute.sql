-- What each replica counted of queues $1 in the present ten seconds and the five times ten seconds before, and how long
-- that is up to now.
select a.engine_type, a.enqueued, a.completed, a.failed, a.lost, a.released, a.late, a.dead_lettered, a.cancelled, a.durations,
    a.waits, extract(epoch from statement_timestamp() - begin_at)::float8 as seconds
from (
    select to_timestamp(floor(extract(epoch from statement_timestamp()) / 10) * 10) - interval '50 seconds' as begin_at
) counted
join eventlease.queue_activity a on a.period_at >= counted.begin_at
where a.engine_type = any($1)
