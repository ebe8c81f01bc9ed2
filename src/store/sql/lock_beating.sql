-- Locks engines $1 for their heartbeats, in the order of their ids.
select engine_id, metadata, incarnation, registered_at, statement_timestamp() as now
from eventlease.engine_states
where engine_id = any($1)
order by engine_id
for no key update
