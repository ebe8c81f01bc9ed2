-- The payloads of those of events $1 that are dead letters.
select event_id, payload
from eventlease.dead_letters
where event_id = any($1)
