-- Up to $2 cancels that were begun more than $1 seconds ago and are not carried out, the oldest first.
select scenario_run_id, engine_type
from eventlease.scenario_runs
where not is_carried_out and cancelled_at <= statement_timestamp() - make_interval(secs => $1)
order by cancelled_at
limit $2
