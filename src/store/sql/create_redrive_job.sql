-- Makes a redrive job, unless there are $15 jobs with something to do, or $16 altogether.
insert into eventlease.redrive_jobs (job_id, filter, payload_patch, priority, visibility_timeout_seconds, retry_policy,
    canary_count, canary_continue_at_success_ratio, canary_wait_seconds, events_per_second, stop_at_failure_ratio,
    created_at, created_by, state, state_changed_at, has_canary_ahead, next_due_at, next_step_at, matched)
select eventlease.new_event_id(statement_timestamp(), 0), $1::json, $2::json, $3, $4, $5::json,
    $6::integer, $7, $8, $9, $10,
    $11, $12, $13, statement_timestamp(), $6 is not null, statement_timestamp(), statement_timestamp(), $14
where (select count(*) from eventlease.redrive_jobs where next_step_at is not null) < $15
    and (select count(*) from eventlease.redrive_jobs) < $16
returning *
