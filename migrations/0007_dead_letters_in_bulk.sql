-- The dead letter that this one was made from, with another payload: kept also when the event's own
-- row is dropped beneath it.
alter table eventlease.dead_letters add column redriven_from uuid;
