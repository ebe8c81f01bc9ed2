-- When an engine of queue $1 was last seen: of those that are registered, else as the history of queues has it since $2, whose rows say
-- how many events the engines could hold. There is a row where that changed, so the last ones were there until the row that follows.
select coalesce(
    (select max(s.last_seen_at) from eventlease.engine_states s where s.engine_type = $1),
    (
        select min(gone.minute_at) from eventlease.queue_history gone
        where gone.engine_type = $1 and gone.minute_at > (
            select max(there.minute_at) from eventlease.queue_history there
            where there.engine_type = $1 and there.minute_at >= $2 and there.slots > 0)
    )
)
