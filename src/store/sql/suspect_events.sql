-- The open events with a silent loss. To be followed by `list_open_events`: those that wait have an index of their own, and engines
-- hold no more than they can work on.
with open as not materialized (
    select * from eventlease.open_events where lease_losses > 0
),
