-- Events and dead letters that were lost in silence $13 times at least, also before they were redriven; of run $14 if that is not null.
-- To be followed by `list_events`, which reads them by id: each that it passes over is one look-up of its attempts more.
with event as not materialized (
    select * from eventlease.events e
    where ($14::text is null or e.scenario_run_id = $14)
        and $13::integer <= (
            select count(*)
            from eventlease.event_attempts a
            where a.event_id = e.event_id and a.engine_type = e.engine_type
                and (a.outcome in ('expired', 'engine_unresponsive', 'engine_restarted', 'max_lease')
                    or a.outcome = 'deregistered' and a.answer <> 'released'))
),
dead_letter as not materialized (
    select * from eventlease.dead_letters
    where lease_losses >= $13 and ($14::text is null or scenario_run_id = $14)
),
