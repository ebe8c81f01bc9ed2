-- What all replicas counted of each queue in the last five minutes, and in the last minute of them: the present
-- ten seconds and the five times ten seconds before. `minute_seconds` is how long that minute is up to now.
select
    a.engine_type,
    sum(a.enqueued)::bigint as enqueued,
    sum(a.completed)::bigint as completed,
    sum(a.failed)::bigint as failed,
    sum(a.lost)::bigint as lost,
    sum(a.released)::bigint as released,
    sum(a.late)::bigint as late,
    sum(a.dead_lettered)::bigint as dead_lettered,
    coalesce(sum(a.enqueued) filter (where a.period_at >= minute_at), 0)::bigint as minute_enqueued,
    coalesce(sum(a.completed) filter (where a.period_at >= minute_at), 0)::bigint as minute_completed,
    coalesce(sum(a.failed) filter (where a.period_at >= minute_at), 0)::bigint as minute_failed,
    coalesce(sum(a.lost) filter (where a.period_at >= minute_at), 0)::bigint as minute_lost,
    coalesce(sum(a.released) filter (where a.period_at >= minute_at), 0)::bigint as minute_released,
    coalesce(sum(a.late) filter (where a.period_at >= minute_at), 0)::bigint as minute_late,
    coalesce(sum(a.dead_lettered) filter (where a.period_at >= minute_at), 0)::bigint as minute_dead_lettered,
    max(extract(epoch from statement_timestamp() - minute_at))::float8 as minute_seconds
from (
    select to_timestamp(floor(extract(epoch from statement_timestamp()) / 10) * 10) - interval '50 seconds' as minute_at
) counted
join eventlease.queue_activity a on a.period_at >= statement_timestamp() - interval '5 minutes'
group by a.engine_type
