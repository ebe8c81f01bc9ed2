-- What all replicas together counted of each queue in each period of ten seconds from $1 on.
select a.engine_type, a.period_at,
    sum(a.enqueued)::bigint as enqueued,
    sum(a.completed)::bigint as completed,
    sum(a.failed)::bigint as failed,
    sum(a.lost)::bigint as lost,
    sum(a.released)::bigint as released,
    sum(a.late)::bigint as late,
    sum(a.dead_lettered)::bigint as dead_lettered,
    sum(a.cancelled)::bigint as cancelled
from eventlease.queue_activity a
where a.period_at >= $1
group by a.engine_type, a.period_at
