-- Returns the ids among $1 of events that are open, locked or not.
select event_id from eventlease.open_events where event_id = any($1)
