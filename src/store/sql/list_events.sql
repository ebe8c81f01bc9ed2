-- A page of `event` (`all_events`, or `events_of_run`) with ids from $1 to below $2, the newest first: created from $3 to before $4, in
-- queue $5, in queues $11, of type $6, in status $7, enqueued by $10; a filter that is null lets all pass. To be followed by
-- `event_details`.
--
-- Partitions are ordered by id like the page, so events are read backwards from $2 until the page is
-- full, and no partition beyond is opened. What that costs is bounded by how many newer events the
-- filters pass over: the queue is told by the index alone, the type by the row, the status by one
-- look-up. Statuses of open events have a statement of their own. The last guard is the
-- session's statement_timeout.
recent as materialized (
    select e.event_id
    from event e
    where e.event_id >= $1 and e.event_id < $2
        and ($3::timestamptz is null or e.created_at >= $3)
        and ($4::timestamptz is null or e.created_at < $4)
        and ($5::text is null or e.engine_type = $5)
        and ($11::text[] is null or e.engine_type = any($11))
        and ($6::text is null or e.event_type = $6)
        and ($10::text is null or e.enqueued_by = $10)
        and ($7::text is null or $7 = coalesce(
            (select q.state
             from eventlease.open_events q
             where q.event_id = e.event_id),
            (select a.final_status
             from eventlease.event_attempts a
             where a.event_id = e.event_id and a.engine_type = e.engine_type
             order by a.attempt desc
             limit 1)))
    order by e.event_id desc
    limit $8
),
-- dead letters that outlived the partition of their event; where the page is full already, only
-- those newer than its end
outlived as materialized (
    select d.event_id
    from dead_letter d
    where d.event_id >= $1 and d.event_id < $2
        and d.event_id > coalesce(
            (select event_id from recent order by event_id desc offset $8 - 1 limit 1),
            '00000000-0000-0000-0000-000000000000')
        and ($3::timestamptz is null or d.created_at >= $3)
        and ($4::timestamptz is null or d.created_at < $4)
        and ($5::text is null or d.engine_type = $5)
        and ($11::text[] is null or d.engine_type = any($11))
        and ($6::text is null or d.event_type = $6)
        and ($10::text is null or d.enqueued_by = $10)
        and ($7::text is null or $7 = 'failed')
        and (select true from eventlease.events e where e.event_id = d.event_id limit 1) is null
    order by d.event_id desc
    limit $8
),
page as (
    select event_id, $9::boolean as with_payload, $12::boolean as is_brief
    from (select event_id from recent union all select event_id from outlived) found
    order by event_id desc
    limit $8
)
