-- Whose event $1 is, also after its partition is gone where it is a dead letter.
(select engine_type, enqueued_by from eventlease.events where event_id = $1 limit 1)
union all
(select engine_type, enqueued_by from eventlease.dead_letters where event_id = $1 limit 1)
limit 1
