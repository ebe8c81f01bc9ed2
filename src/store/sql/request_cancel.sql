-- Marks events $1, which are leased, as to be cancelled.
update eventlease.event_leases
set cancel_requested_at = coalesce(cancel_requested_at, statement_timestamp())
where event_id = any($1)
