-- The open event of queue $5 that has unique key $13, of run $14 if that is not null. To be followed by `list_events`.
with event as not materialized (
    select e.*
    from eventlease.open_keys k
    cross join lateral (
        select * from eventlease.events e
        where e.event_id = k.event_id and e.engine_type = k.engine_type
        limit 1
    ) e
    where k.engine_type = $5 and k.unique_key = $13 and ($14::text is null or e.scenario_run_id = $14)
),
-- it is open
dead_letter as not materialized (
    select * from eventlease.dead_letters where false
),
