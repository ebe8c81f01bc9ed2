-- Gives leases of events whose rows are locked. $1 and $2: the first and the last of them.
with granted as (
    select *
    from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::integer[], $7::integer[], $8::uuid[], $11::text[])
        with ordinality as granted (event_id, token, engine_id, incarnation, visibility_timeout_seconds,
            poll_id, poll_terms, ordinal)
),
leased as (
    update eventlease.event_queue q
    set state = 'processing',
        attempt = q.attempt + 1,
        lease_token = granted.token,
        leased_by = granted.engine_id,
        incarnation = granted.incarnation,
        poll_id = granted.poll_id,
        poll_terms = granted.poll_terms,
        is_poll_repeated = false,
        discard_at = null,
        leased_at = statement_timestamp(),
        lease_seconds = terms.seconds,
        lease_expires_at = statement_timestamp() + make_interval(secs => terms.seconds),
        lease_deadline_at = statement_timestamp() + make_interval(secs => terms.max_seconds)
    from granted
    cross join lateral (
        select own.event_id,
            least(
                coalesce(granted.visibility_timeout_seconds, own.visibility_timeout_seconds,
                    of_queue.visibility_timeout_seconds, $9),
                coalesce(of_queue.max_lease_seconds, $10)
            ) as seconds,
            coalesce(of_queue.max_lease_seconds, $10) as max_seconds
        from eventlease.event_queue own
        left join eventlease.queues of_queue on of_queue.engine_type = own.engine_type
        where own.event_id = granted.event_id
    ) terms
    where q.event_id = granted.event_id
    returning q.*, granted.ordinal
)
