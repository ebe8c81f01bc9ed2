-- Gives leases of events whose rows an earlier statement of this transaction locked: $1 says where the rows stand, and no
-- index serves that, so the planner has no other way to choose. $9: the types of these events, each once. The answer is
-- one row: the time, the number of leases given, and the retry policies of the server and of the types.
with leased as (
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
        lease_seconds = granted.seconds,
        lease_expires_at = statement_timestamp() + make_interval(secs => granted.seconds),
        lease_deadline_at = statement_timestamp() + make_interval(secs => granted.max_seconds)
    from unnest($1::text[]::tid[], $2::uuid[], $3::uuid[], $4::integer[], $5::integer[], $6::integer[], $7::uuid[],
        $8::text[]) as granted (tid, token, engine_id, incarnation, seconds, max_seconds, poll_id, poll_terms)
    where q.ctid = granted.tid
    returning q.event_id
)
select statement_timestamp() as leased_at,
    (select count(*) from leased) as leases,
    of_server.retry_policy as server_policy,
    (select json_object_agg(t.event_type, t.retry_policy)
     from eventlease.event_types t
     where t.event_type = any($9::text[]) and t.retry_policy is not null) as type_policies
from eventlease.server_settings of_server
where of_server.is_only_row
