-- As `list_events`, of dead letters with $13 as the type of their last error, of run $14 if that is not null: read backwards by id until
-- the page is full. $7 is the status they have.
with page as (
    select d.event_id, $9::boolean as with_payload, $12::boolean as is_brief
    from eventlease.dead_letters d
    where d.error_type = $13
        and $7::text = 'failed'
        and d.event_id >= $1 and d.event_id < $2
        and ($3::timestamptz is null or d.created_at >= $3)
        and ($4::timestamptz is null or d.created_at < $4)
        and ($5::text is null or d.engine_type = $5)
        and ($11::text[] is null or d.engine_type = any($11))
        and ($6::text is null or d.event_type = $6)
        and ($10::text is null or d.enqueued_by = $10)
        and ($14::text is null or d.scenario_run_id = $14)
    order by d.event_id desc
    limit $8
)
