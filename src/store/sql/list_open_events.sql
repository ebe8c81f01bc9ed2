-- As `list_events`, of the open events in `open`, in state $7 if that is not null: read backwards by id, of the one table or the other,
-- until the page is full. Further filters: $13 silent losses at least, of run $14, $15 as the type of the last error, failures
-- if $17. What the event itself does not say is looked up only where it is asked for.
page as (
    select q.event_id, $9::boolean as with_payload, $12::boolean as is_brief
    from open q
    where ($7::text is null or q.state = $7)
        and q.event_id >= $1 and q.event_id < $2
        and ($5::text is null or q.engine_type = $5)
        and ($11::text[] is null or q.engine_type = any($11))
        and ($6::text is null or q.event_type = $6)
        and ($13::integer is null or q.lease_losses >= $13)
        and ($14::text is null or q.scenario_run_id = $14)
        and ($16::uuid is null or q.leased_by = $16)
        and (not $17::boolean or q.failures > 0)
        and ($15::text is null or $15 = (
            select left(eventlease.json_text(a.error, 'type'), 200)
            from eventlease.event_attempts a
            where a.event_id = q.event_id and a.engine_type = q.engine_type
            order by a.attempt desc
            limit 1))
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
