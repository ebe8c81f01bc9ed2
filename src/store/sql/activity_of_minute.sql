-- What each replica counted of each queue in the minute that began at $1.
select a.engine_type, a.enqueued, a.completed, a.failed, a.lost, a.released, a.late, a.dead_lettered, a.cancelled, a.durations,
    a.waits, 60::float8 as seconds
from eventlease.queue_activity a
where a.period_at >= $1 and a.period_at < $1 + interval '1 minute'
