-- The leases of engine $3 (null: of anonymous polls) that poll $4 was given and that still hold. From now on they are this
-- request's: whoever leased them first does not give them back any more. Giving back locks them first, too: either it
-- comes later and passes them over, or it came first and they are not found here.
with held as materialized (
    select q.event_id, q.engine_type
    from eventlease.event_leases q
    where q.event_id = any(array(
            select of_engine.event_id from eventlease.event_leases of_engine
            where of_engine.leased_by = $3 and of_engine.poll_id = $4
            union all
            select of_nobody.event_id from eventlease.event_leases of_nobody
            where $3 is null and of_nobody.leased_by is null and of_nobody.poll_id = $4
                and of_nobody.lease_expires_at > statement_timestamp()))
        -- "is true": else all leases that still hold might be read in the index of those that expire
        and q.poll_id = $4 and (q.lease_expires_at > statement_timestamp()) is true
    order by q.event_id
    for update
),
repeated as (
    update eventlease.event_leases q
    set is_poll_repeated = true
    from held
    where q.event_id = held.event_id and q.engine_type = held.engine_type
    returning q.*
),
leased as (
    select repeated.*, false as is_brief,
        row_number() over (order by repeated.priority desc, repeated.available_at, repeated.event_id) as ordinal
    from repeated
)
