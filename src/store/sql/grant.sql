-- Gives leases of events whose rows an earlier statement of this transaction locked, and read: they leave the queue, where $1
-- says where their rows stand, and become leases from what was read. Nothing is joined: the planner has no way to choose.
-- $2: the queues of these events, each once; said so that it is no condition an index could serve. $3: their types, each
-- once. The answer is one row: the time, how many events left the queue, and the retry policies of the server and of the types.
with gone as (
    delete from eventlease.event_queue q
    where q.ctid = any($1::text[]::tid[]) and (q.engine_type = any($2::text[])) is true
    returning 1
),
leased as (
    insert into eventlease.event_leases (event_id, engine_type, event_type, lane, priority, available_at, payload_bytes,
        attempt, failures, lease_losses, releases, redrives, visibility_timeout_seconds, retry_policy, lease_token,
        leased_by, incarnation, engine_software_version, leased_at, lease_seconds, lease_expires_at, lease_deadline_at,
        poll_id, poll_terms, scenario_run_id, unique_key)
    select event_id, engine_type, event_type, lane, priority, available_at, payload_bytes,
        attempt + 1, failures, lease_losses, releases, redrives, visibility_timeout_seconds, retry_policy::json, token,
        engine_id, incarnation, version, statement_timestamp(), seconds,
        statement_timestamp() + make_interval(secs => seconds),
        statement_timestamp() + make_interval(secs => max_seconds), poll_id, poll_terms,
        scenario_run_id, unique_key
    from unnest($4::uuid[], $5::text[], $6::text[], $7::smallint[], $8::smallint[], $9::timestamptz[], $10::integer[],
        $11::integer[], $12::integer[], $13::integer[], $14::integer[], $15::integer[], $16::integer[], $17::text[],
        $18::uuid[], $19::uuid[], $20::integer[], $21::text[], $22::integer[], $23::integer[], $24::uuid[], $25::text[],
        $26::text[], $27::text[])
        as granted (event_id, engine_type, event_type, lane, priority, available_at, payload_bytes,
            attempt, failures, lease_losses, releases, redrives, visibility_timeout_seconds, retry_policy,
            token, engine_id, incarnation, version, seconds, max_seconds, poll_id, poll_terms, scenario_run_id, unique_key)
)
select statement_timestamp() as leased_at,
    (select count(*) from gone) as leases,
    of_server.retry_policy as server_policy,
    (select json_object_agg(t.event_type, t.retry_policy)
     from eventlease.event_types t
     where t.event_type = any($3::text[]) and t.retry_policy is not null) as type_policies
from eventlease.server_settings of_server
where of_server.is_only_row
