-- As `list_events`, where status $7 is that of open events. What is queued is read backwards by id
-- until the page is full; what is processing is gathered whole first: it is no more than engines
-- hold, while the queue before it may be long. The time of an event is looked up only where it is
-- asked for.
with processing as materialized (
    select q.event_id, q.engine_type, q.event_type
    from eventlease.event_queue q
    where $7 = 'processing' and q.state = 'processing'
),
queued as materialized (
    select q.event_id
    from eventlease.event_queue q
    -- said so that no index of queued events is taken for it, which would have to be sorted whole
    where $7 = 'queued' and q.state <> 'processing'
        and q.event_id >= $1 and q.event_id < $2
        and ($5::text is null or q.engine_type = $5)
        and ($6::text is null or q.event_type = $6)
        and ($10::text is null or $10 = (
            select e.enqueued_by
            from eventlease.events e
            where e.event_id = q.event_id and e.engine_type = q.engine_type))
        and ($3::timestamptz is null or $3 <= (
            select e.created_at
            from eventlease.events e
            where e.event_id = q.event_id and e.engine_type = q.engine_type))
        and ($4::timestamptz is null or $4 > (
            select e.created_at
            from eventlease.events e
            where e.event_id = q.event_id and e.engine_type = q.engine_type))
    order by q.event_id desc
    limit $8
),
held as (
    select p.event_id
    from processing p
    where p.event_id >= $1 and p.event_id < $2
        and ($5::text is null or p.engine_type = $5)
        and ($6::text is null or p.event_type = $6)
        and ($10::text is null or $10 = (
            select e.enqueued_by
            from eventlease.events e
            where e.event_id = p.event_id and e.engine_type = p.engine_type))
        and ($3::timestamptz is null or $3 <= (
            select e.created_at
            from eventlease.events e
            where e.event_id = p.event_id and e.engine_type = p.engine_type))
        and ($4::timestamptz is null or $4 > (
            select e.created_at
            from eventlease.events e
            where e.event_id = p.event_id and e.engine_type = p.engine_type))
),
page as (
    select event_id, $9::boolean as with_payload
    from (select event_id from queued union all select event_id from held) found
    order by event_id desc
    limit $8
)
