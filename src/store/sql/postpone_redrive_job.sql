-- Lets other redrive jobs go before $1 for $2 seconds.
update eventlease.redrive_jobs
set next_step_at = statement_timestamp() + make_interval(secs => $2)
where job_id = $1 and next_step_at is not null
