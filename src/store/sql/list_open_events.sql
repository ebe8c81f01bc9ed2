-- As `list_events`, where status $7 is that of open events: read backwards by id, of the one table or the other, until the
-- page is full. The time of an event is looked up only where it is asked for.
with page as (
    select q.event_id, $9::boolean as with_payload
    from eventlease.open_events q
    where q.state = $7
        and q.event_id >= $1 and q.event_id < $2
        and ($5::text is null or q.engine_type = $5)
        and ($11::text[] is null or q.engine_type = any($11))
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
)
