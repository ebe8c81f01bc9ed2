-- Notes that the cancel of run $1 under names $2 is carried out.
update eventlease.scenario_runs set is_carried_out = true
where scenario_run_id = $1 and engine_type = any($2) and not is_carried_out
