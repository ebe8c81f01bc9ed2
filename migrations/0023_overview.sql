-- What an overview, the history of queues and autoscalers need: more counts in the activity of queues, and the time in which
-- a queue is to be cleared. Replicas of the version before go on beside this one: what they write counts none of the new
-- events, and their rows have no waits.

alter table eventlease.queue_activity
    -- attempts whose engines gave the event back
    add column released bigint not null default 0,
    -- settlements after the end of their lease that were accepted
    add column late bigint not null default 0,
    add column dead_lettered bigint not null default 0,
    -- leased events by the time from due to leased: the buckets stand in the code; null where none was leased
    add column waits bigint[];

alter table eventlease.queues
    -- for `wanted_slots`: in how many seconds what is due is to be processed; null is inherited
    add column target_clear_seconds integer;
