-- The events and dead letters of scenario run $13. To be followed by `list_events`, which then goes by the index of runs,
-- so that it costs no more than the run has events.
with event as not materialized (
    select * from eventlease.events where scenario_run_id = $13
),
dead_letter as not materialized (
    select * from eventlease.dead_letters where scenario_run_id = $13
),
