with leased as (
    select q.*, row_number() over (order by q.leased_at, q.event_id) as ordinal
    from eventlease.event_queue q
    where q.leased_by = $3
)
