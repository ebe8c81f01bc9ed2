-- The leases of engine $3 (null: of anonymous polls) that poll $4 was given and that still hold.
with leased as (
    select held.*, row_number() over (order by held.priority desc, held.available_at, held.event_id) as ordinal
    from (
        select * from eventlease.event_queue q
        where q.leased_by = $3 and q.poll_id = $4
        union all
        select * from eventlease.event_queue q
        where $3 is null and q.leased_by is null and q.poll_id = $4 and q.state = 'processing'
    ) held
    where held.lease_expires_at > statement_timestamp()
)
