-- The minutes from $1 to before $2 in which the service ran: those of all queues together, which have an empty name.
select minute_at from eventlease.queue_history
where engine_type = '' and minute_at >= $1 and minute_at < $2
order by minute_at
