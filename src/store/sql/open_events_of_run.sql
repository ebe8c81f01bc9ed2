-- Up to $3 open events of run $1 in queues $2 (null: all of them) that nobody has wanted cancelled yet. One snapshot of both
-- tables, so that none is missed while its row moves.
(select q.event_id
 from eventlease.event_queue q
 where q.scenario_run_id = $1 and ($2::text[] is null or q.engine_type = any($2))
 limit $3)
union all
(select q.event_id
 from eventlease.event_leases q
 where q.scenario_run_id = $1 and ($2::text[] is null or q.engine_type = any($2)) and q.cancel_requested_at is null
 limit $3)
