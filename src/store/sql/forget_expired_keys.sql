-- Removes up to $1 keys whose time is over. What somebody has locked is left for the next time.
with expired as materialized (
    select engine_type, idempotency_key, enqueued_by
    from eventlease.idempotency_keys
    where expires_at < statement_timestamp()
    order by expires_at
    limit $1
    for update skip locked
)
-- By arrays, which the planner takes to be short. What a parameter limits, it takes for a tenth of the table, and then
-- reads the whole table instead of looking each key up.
delete from eventlease.idempotency_keys k
using unnest(array(select engine_type from expired), array(select idempotency_key from expired),
    array(select enqueued_by from expired)) as gone (engine_type, idempotency_key, enqueued_by)
where k.engine_type = gone.engine_type and k.idempotency_key = gone.idempotency_key
    and k.enqueued_by = gone.enqueued_by
