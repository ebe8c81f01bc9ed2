with leased as (
    select q.*, row_number() over (order by q.priority desc, q.available_at, q.event_id) as ordinal
    from eventlease.event_queue q
    where q.leased_by = $1 and q.poll_id = $2 and q.state = 'processing'
        and q.lease_expires_at > statement_timestamp()
)
