-- The events and dead letters that idempotency key $13 of queue $5 stands for: one of each caller, of run $14 if that is not null. To
-- be followed by `list_events`.
with known as materialized (
    select k.event_id, k.engine_type
    from eventlease.idempotency_keys k
    where k.engine_type = $5 and k.idempotency_key = $13 and k.expires_at > statement_timestamp()
),
event as not materialized (
    select e.*
    from known
    cross join lateral (
        select * from eventlease.events e
        where e.event_id = known.event_id and e.engine_type = known.engine_type
        limit 1
    ) e
    where $14::text is null or e.scenario_run_id = $14
),
dead_letter as not materialized (
    select d.*
    from known
    cross join lateral (
        select * from eventlease.dead_letters d
        where d.event_id = known.event_id and d.engine_type = known.engine_type
        limit 1
    ) d
    where $14::text is null or d.scenario_run_id = $14
),
