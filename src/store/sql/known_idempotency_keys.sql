-- What the keys stand for that the statement before claimed, or found: all of them are there.
select k.event_id, k.body_sha256, k.terms_sha256
from unnest($1::text[], $2::text[], $3::text[])
    with ordinality as asked (engine_type, idempotency_key, enqueued_by, ordinal)
join eventlease.idempotency_keys k using (engine_type, idempotency_key, enqueued_by)
order by asked.ordinal
