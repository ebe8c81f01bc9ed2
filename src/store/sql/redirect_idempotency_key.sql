-- Lets the key ($1, $2, $3) stand for event $4. From then on bodies are compared with its first by their bytes alone, unless
-- payload $5 is that of the event.
update eventlease.idempotency_keys
set event_id = $4, terms_sha256 = case when eventlease.is_payload_of($4, $1, $5) then terms_sha256 end
where engine_type = $1 and idempotency_key = $2 and enqueued_by = $3
returning terms_sha256 is not null
