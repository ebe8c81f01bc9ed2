-- Ends leases with success, in one go: $1 the events, in the order of their ids; $2 the tokens of their
-- leases; $3 who says so, null where that was not said; $4 the results. What is not as it must be, and what
-- somebody else has locked, is passed over and not in the answer.
with told as (
    select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[])
        as told (event_id, lease_token, caller, result)
),
held as materialized (
    select q.tid, q.engine_type, told.result
    from told
    cross join lateral (
        select q.ctid as tid, q.engine_type, q.leased_by
        from eventlease.event_leases q
        where q.event_id = told.event_id and q.lease_token = told.lease_token
        limit 1
        for update skip locked
    ) q
    where (told.caller is null or q.leased_by is null or q.leased_by = told.caller)
),
-- No index serves this condition, so there is one plan: `is true` keeps the queue's name from being a condition of an index
-- (docs/adr/0030). A row that was renewed between this statement's snapshot and its lock stands at a place the snapshot does not show, and stays.
gone as (
    delete from eventlease.event_leases q
    using held
    where q.ctid = held.tid and (q.engine_type = held.engine_type) is true
    returning q.event_id, q.engine_type, q.attempt, q.leased_by, q.incarnation, q.engine_software_version, q.lease_token,
        q.leased_at, q.lease_expires_at, q.progress, q.unique_key, held.result
),
-- Where an event had a unique key, another may take it now.
keys as materialized (
    select k.tid, k.engine_type
    from gone
    cross join lateral (
        select k.ctid as tid, k.engine_type
        from eventlease.open_keys k
        where k.engine_type = gone.engine_type and k.unique_key = gone.unique_key and k.event_id = gone.event_id
        limit 1
    ) k
    where gone.unique_key is not null
),
freed as (
    delete from eventlease.open_keys k
    using keys
    where k.ctid = keys.tid and (k.engine_type = keys.engine_type) is true
),
-- What was deleted, and not what was locked: else a completion would be recorded whose lease goes on.
recorded as (
    insert into eventlease.event_attempts (event_id, engine_type, attempt, engine_id, engine_software_version,
        incarnation, lease_token, leased_at, ended_at, outcome, answer, result, progress, late_by_seconds,
        final_status)
    select gone.event_id, gone.engine_type, gone.attempt, gone.leased_by,
        gone.engine_software_version, gone.incarnation, gone.lease_token, gone.leased_at, statement_timestamp(), 'completed', 'completed',
        gone.result::json, gone.progress,
        case when gone.lease_expires_at < statement_timestamp()
            then extract(epoch from statement_timestamp() - gone.lease_expires_at)::float8 end,
        'completed'
    from gone
)
select event_id, engine_type, attempt, leased_by,
    extract(epoch from statement_timestamp() - leased_at)::float8 as held_seconds,
    lease_expires_at < statement_timestamp() as is_late
from gone
