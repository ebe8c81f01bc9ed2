-- Ends leases with success, in one go: $1 the events, in the order of their ids; $2 the tokens of their
-- leases; $3 who says so, null where that was not said; $4 the results. What is not as it must be, and what
-- somebody else has locked, is passed over and not in the answer.
with told as (
    select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[])
        as told (event_id, lease_token, caller, result)
),
held as materialized (
    select q.*, told.result
    from told
    cross join lateral (
        select q.event_id, q.engine_type, q.state, q.attempt, q.leased_by, q.incarnation, q.lease_token,
            q.leased_at, q.lease_expires_at, q.progress
        from eventlease.event_queue q
        where q.event_id = told.event_id and q.lease_token = told.lease_token
        limit 1
        for update skip locked
    ) q
    where q.state = 'processing' and (told.caller is null or q.leased_by is null or q.leased_by = told.caller)
),
gone as (
    delete from eventlease.event_queue q
    using held
    where q.event_id = held.event_id and q.engine_type = held.engine_type
),
recorded as (
    insert into eventlease.event_attempts (event_id, engine_type, attempt, engine_id, engine_software_version,
        incarnation, lease_token, leased_at, ended_at, outcome, answer, result, progress, late_by_seconds,
        final_status)
    select held.event_id, held.engine_type, held.attempt, held.leased_by, s.engine_software_version,
        held.incarnation, held.lease_token, held.leased_at, statement_timestamp(), 'completed', 'completed',
        held.result::json, held.progress,
        case when held.lease_expires_at < statement_timestamp()
            then extract(epoch from statement_timestamp() - held.lease_expires_at)::float8 end,
        'completed'
    from held
    left join eventlease.engine_states s on s.engine_id = held.leased_by
)
select event_id, engine_type, attempt, leased_by,
    extract(epoch from statement_timestamp() - leased_at)::float8 as held_seconds,
    lease_expires_at < statement_timestamp() as is_late
from held
