-- Puts dead letter $1 back into its queue with fresh budgets.
with dead as (
    delete from eventlease.dead_letters where event_id = $1 returning *
)
insert into eventlease.event_queue (event_id, engine_type, event_type, state, priority, available_at,
    payload_bytes, attempt, redrives, visibility_timeout_seconds, retry_policy)
select event_id, engine_type, event_type, 'queued', coalesce($2, priority),
    statement_timestamp() + make_interval(secs => $3), payload_bytes, attempt, redrives + 1,
    coalesce($4, visibility_timeout_seconds), coalesce($5::json, retry_policy)
from dead
returning engine_type, priority, available_at
