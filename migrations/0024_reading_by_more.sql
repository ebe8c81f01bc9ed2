-- What the newer lists ask for. Replicas of the version before go on beside this: they leave the new column as it is, so that an
-- engine which only they hear of counts as one that settles nothing.

-- when the engine last settled something, as far as that was written; with `last_poll_at`, when it last took part in the work
alter table eventlease.engine_states add column last_settled_at timestamptz;

-- Events that wait after a failure, and after a silent loss. Others are not in it and cost nothing but the question.
create index event_queue_failing on eventlease.event_queue (event_id) where failures > 0;
create index event_queue_suspects on eventlease.event_queue (event_id) where lease_losses > 0;
