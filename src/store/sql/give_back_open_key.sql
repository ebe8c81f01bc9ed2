-- Frees key $2 of queue $1.
delete from eventlease.open_keys where engine_type = $1 and unique_key = $2
