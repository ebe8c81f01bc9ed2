-- As `queued_by_filter`, of the events $5. Only their ids are conditions that an index could serve.
with wanted as not materialized (
    select q.event_id
    from eventlease.event_queue q
    where q.event_id = any($5::uuid[])
        and ($1::text is null or q.engine_type = $1) is true
        and ($2::text[] is null or q.engine_type = any($2)) is true
        and ($3::text is null or q.event_type = $3)
        and ($4::text is null or q.scenario_run_id = $4) is true
        and ($9::boolean
            or q.available_at <> $7::timestamptz and greatest(q.available_at, $7) > statement_timestamp()
            or q.priority <> $8::smallint)
)
