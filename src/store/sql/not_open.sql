-- Those of events $1 that are not open: they have ended, or are not known at all.
select asked.event_id
from unnest($1::uuid[]) as asked (event_id)
where (select true from eventlease.open_events q where q.event_id = asked.event_id limit 1) is null
