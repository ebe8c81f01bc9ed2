-- Removes the marks of run $1 under names $2, or all of them where that is null.
delete from eventlease.scenario_runs
where scenario_run_id = $1 and ($2::text[] is null or engine_type = any($2))
