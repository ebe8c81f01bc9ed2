-- Claims keys for new events, for $5 hours. A key whose time is over is taken anew; one that stands
-- for an event answers null. Claimed in one order, so that no two batches wait for each other.
with asked as (
    select * from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $6::bytea[])
        with ordinality as asked (engine_type, idempotency_key, enqueued_by, body_sha256, terms_sha256, ordinal)
),
claimed as (
    insert into eventlease.idempotency_keys as known
        (engine_type, idempotency_key, enqueued_by, event_id, body_sha256, terms_sha256, expires_at)
    select engine_type, idempotency_key, enqueued_by,
        eventlease.new_event_id(statement_timestamp(), ordinal::integer - 1), body_sha256, terms_sha256,
        statement_timestamp() + make_interval(hours => $5)
    from asked
    order by engine_type, idempotency_key, enqueued_by
    on conflict (engine_type, idempotency_key, enqueued_by) do update
    set event_id = excluded.event_id, body_sha256 = excluded.body_sha256, terms_sha256 = excluded.terms_sha256,
        expires_at = excluded.expires_at
    where known.expires_at <= statement_timestamp()
    returning engine_type, idempotency_key, enqueued_by, event_id
)
select claimed.event_id
from asked
left join claimed using (engine_type, idempotency_key, enqueued_by)
order by asked.ordinal
