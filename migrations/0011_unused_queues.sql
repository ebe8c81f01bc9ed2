-- Since when housekeeping has found nothing that keeps a queue: no open event, engine, dead letter or recent activity. Null
-- while there is something, and before the first round.
alter table eventlease.queues add column unused_since timestamptz;
