-- How deep each queue was in the minutes from $1 on in which events were due; and the minutes of all queues together, which have an
-- empty name.
select '' as engine_type, h.minute_at, h.due, h.oldest_due_age_seconds
from eventlease.queue_history h
where h.engine_type = '' and h.minute_at >= $1
union all
select u.engine_type, minute.minute_at, minute.due, minute.oldest_due_age_seconds
from eventlease.queues u
cross join lateral (
    select h.minute_at, h.due, h.oldest_due_age_seconds
    from eventlease.queue_history h
    where h.engine_type = u.engine_type and h.minute_at >= $1 and h.due > 0
    order by h.minute_at
    limit 60
) minute
