-- Waits for whoever has engines of type $1 and version $2 locked, and keeps them from being locked.
select from eventlease.engine_states
where engine_type = $1 and engine_software_version is not distinct from $2
order by engine_id
for share
