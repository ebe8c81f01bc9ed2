-- Lists of engines are read page by page, the newest registration first. A heartbeat changes neither column, so that it stays a
-- heap-only update.
create index engine_states_newest on eventlease.engine_states (registered_at, engine_id);
