-- Those of events $1 that are open, whoever has them locked.
select event_id from eventlease.open_events where event_id = any($1)
