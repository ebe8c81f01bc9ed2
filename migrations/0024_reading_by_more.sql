-- What the newer lists ask for. Replicas of the version before go on beside this: they leave the new column as it is, so that an
-- engine which only they hear of counts as one that settles nothing.

-- when the engine last settled something, as far as that was written; with `last_poll_at`, when it last took part in the work
alter table eventlease.engine_states add column last_settled_at timestamptz;
