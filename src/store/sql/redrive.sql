-- Puts locked dead letters back into their queues with fresh budgets, due $2 seconds after $3, or after now.
with asked as (
    select * from unnest($1::uuid[], $2::float8[]) as asked (event_id, delay_seconds)
),
dead as (
    delete from eventlease.dead_letters d
    using asked
    where d.event_id = asked.event_id
    returning d.*, asked.delay_seconds
)
insert into eventlease.event_queue (event_id, engine_type, event_type, priority, available_at,
    payload_bytes, attempt, redrives, visibility_timeout_seconds, retry_policy, scenario_run_id, unique_key)
select event_id, engine_type, event_type, coalesce($4, priority),
    greatest(statement_timestamp(),
        coalesce($3::timestamptz, statement_timestamp()) + make_interval(secs => delay_seconds)),
    payload_bytes, attempt, redrives + 1, coalesce($5, visibility_timeout_seconds),
    coalesce($6::json, retry_policy), scenario_run_id, unique_key
from dead
returning event_id, event_id as dead_letter_id, engine_type, priority, available_at, available_at <= statement_timestamp() as is_due
