-- Deletes the rows of open events that this transaction has locked, leased or queued. The caller records their attempts.
with leased as (delete from eventlease.event_leases where event_id = any($1))
delete from eventlease.event_queue where event_id = any($1)
