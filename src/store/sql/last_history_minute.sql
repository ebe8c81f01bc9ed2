-- The last minute of the last three days that was written: of all queues together, which have an empty name.
select max(minute_at) from eventlease.queue_history
where engine_type = '' and minute_at > statement_timestamp() - interval '3 days'
