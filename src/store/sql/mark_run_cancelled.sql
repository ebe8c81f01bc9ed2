-- Marks run $1 as cancelled, by $3, under names $2: of queues, or the empty one for all of them. What is marked stays as it is.
insert into eventlease.scenario_runs (scenario_run_id, engine_type, cancelled_at, cancelled_by)
select $1, asked.engine_type, statement_timestamp(), $3
from unnest($2::text[]) as asked (engine_type)
order by asked.engine_type
on conflict on constraint scenario_runs_pkey do nothing
