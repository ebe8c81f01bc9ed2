-- The queues, of those in $1 or of all, in which more than $2 events wait or that have more than $2 dead letters. The order is
-- that of the index that has queues first.
select u.engine_type
from eventlease.queues u
where ($1::text[] is null or u.engine_type = any($1))
    and (
        (
            select true from eventlease.event_queue q where q.engine_type = u.engine_type
            order by q.lane, q.priority, q.available_at
            offset $2 limit 1
        )
        or (select true from eventlease.dead_letters d where d.engine_type = u.engine_type offset $2 limit 1)
    )
