-- Follow-up events: engines enqueue them with the completion of another event. Replicas of the version before go on beside
-- this: all columns are null, or have a default.

-- the event whose completion brought this one
alter table eventlease.events add column caused_by uuid;
alter table eventlease.dead_letters add column caused_by uuid;

-- The follow-ups of an event. Other events are not in it and cost nothing.
create index events_caused_by on eventlease.events (caused_by, event_id) where caused_by is not null;
create index dead_letters_caused_by on eventlease.dead_letters (caused_by, event_id) where caused_by is not null;

-- what a completion's follow-up events were answered, so that a repeat is answered alike; null where it had none
alter table eventlease.event_attempts add column follow_ups json;

-- the queues beside its own into which the engine may enqueue
alter table eventlease.engine_states add column may_enqueue text[] not null default '{}';
