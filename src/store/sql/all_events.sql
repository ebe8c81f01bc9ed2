-- All events, and all dead letters. To be followed by `list_events`.
with event as not materialized (
    select * from eventlease.events
),
dead_letter as not materialized (
    select * from eventlease.dead_letters
),
