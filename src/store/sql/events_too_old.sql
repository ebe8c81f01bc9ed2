-- Locks up to $1 queued events whose time to be discarded has come. What somebody has locked is passed over.
select event_id from eventlease.event_queue
where discard_at <= statement_timestamp()
order by discard_at
limit $1
for update skip locked
