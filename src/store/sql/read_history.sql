-- The minutes of queue $1 from $2 to before $3, and the last one before $2, by time.
(
    select h.*
    from eventlease.queue_history h
    where h.engine_type = $1 and h.minute_at < $2 and h.minute_at >= $2 - interval '3 days'
    order by h.minute_at desc
    limit 1
)
union all
(
    select h.*
    from eventlease.queue_history h
    where h.engine_type = $1 and h.minute_at >= $2 and h.minute_at < $3
    order by h.minute_at
)
