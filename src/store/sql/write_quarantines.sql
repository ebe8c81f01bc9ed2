-- Writes the quarantines ($2) of queue $1.
update eventlease.queues
set quarantines = $2
where engine_type = $1
