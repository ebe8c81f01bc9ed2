-- Takes locked events, leased or queued, off the open ones.
with leased as (delete from eventlease.event_leases where event_id = any($1))
delete from eventlease.event_queue where event_id = any($1)
