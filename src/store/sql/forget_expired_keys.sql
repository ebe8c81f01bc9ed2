-- Removes up to $1 keys whose time is over. What somebody has locked is left for the next time.
delete from eventlease.idempotency_keys k
using (
    select engine_type, idempotency_key, enqueued_by from eventlease.idempotency_keys
    where expires_at < statement_timestamp()
    order by expires_at
    limit $1
    for update skip locked
) expired
where k.engine_type = expired.engine_type and k.idempotency_key = expired.idempotency_key
    and k.enqueued_by = expired.enqueued_by
