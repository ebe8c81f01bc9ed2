-- Writes how far redrive job $1 is.
update eventlease.redrive_jobs
set state = $2, state_reason = $3, state_changed_at = $4,
    has_canary_ahead = $5, canary_judged_by = $6, chosen_up_to_at = $7, chosen_up_to_id = $8, is_all_chosen = $9,
    checked_up_to_id = $10, next_due_at = $11, last_redriven_at = $12, next_step_at = $13,
    redriven = $14, skipped_run_cancelled = $15, skipped_unique_key_held = $16, skipped_payload_patch = $17,
    open_events = $18, completed = $19, died_again = $20, cancelled = $21, unknown = $22
where job_id = $1
