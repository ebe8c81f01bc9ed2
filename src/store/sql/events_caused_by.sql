-- The events and dead letters that the completion of event $13 brought, of run $14 if that is not null. To be followed by
-- `list_events`, which then goes by the index of causes, so that it costs no more than the event has follow-ups.
with event as not materialized (
    select * from eventlease.events where caused_by = $13 and ($14::text is null or scenario_run_id = $14)
),
dead_letter as not materialized (
    select * from eventlease.dead_letters where caused_by = $13 and ($14::text is null or scenario_run_id = $14)
),
