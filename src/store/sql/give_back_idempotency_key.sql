-- Gives the key ($1, $2, $3) back.
delete from eventlease.idempotency_keys where engine_type = $1 and idempotency_key = $2 and enqueued_by = $3
