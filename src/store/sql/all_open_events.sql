-- All open events. To be followed by `list_open_events`.
with open as not materialized (
    select * from eventlease.open_events
),
