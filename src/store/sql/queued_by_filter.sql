-- The queued events that a filter lets through: of queue $1, of queues $2, of type $3, of run $4. What is null in it lets all
-- pass; $5, their ids, is null. Events that are due at $7 already, and have priority $8, are left out, unless $9: with a delay,
-- all are due at another time.
with wanted as not materialized (
    select q.event_id
    from eventlease.event_queue q
    where ($1::text is null or q.engine_type = $1)
        and ($2::text[] is null or q.engine_type = any($2))
        and ($3::text is null or q.event_type = $3)
        and ($4::text is null or q.scenario_run_id = $4)
        and $5::uuid[] is null
        and ($9::boolean
            or q.available_at <> $7::timestamptz and greatest(q.available_at, $7) > statement_timestamp()
            or q.priority <> $8::smallint)
)
