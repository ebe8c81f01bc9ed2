-- Redrive jobs: dead letters that the server puts back into their queues, in steps. Replicas of the version before know nothing of
-- them and go on beside this: a job is carried on by replicas of this version.

create table eventlease.redrive_jobs (
    job_id uuid primary key,

    -- What was asked for; it does not change.

    -- which dead letters, as the filter of a bulk redrive; {} is all of them
    filter json not null,
    -- a JSON merge patch of their payloads, as it was sent; null leaves them as they are
    payload_patch json,
    priority smallint,
    visibility_timeout_seconds integer,
    retry_policy json,
    -- how many are tried first; null: none
    canary_count integer,
    canary_continue_at_success_ratio double precision,
    canary_wait_seconds integer,
    events_per_second double precision,
    stop_at_failure_ratio double precision,
    created_at timestamptz not null,
    created_by text,

    -- How far it is.

    state text not null constraint redrive_jobs_state check (state in
        ('canary', 'redriving', 'watching', 'paused', 'stopped', 'cancelled', 'finished')),
    state_reason text constraint redrive_jobs_state_reason check (state_reason in
        ('operator', 'canary_undecided', 'canary_failed', 'failure_ratio')),
    state_changed_at timestamptz not null,
    -- whether the canary is still to be judged
    has_canary_ahead boolean not null,
    -- then the canary is undecided; null while some of it are still to be redriven
    canary_judged_by timestamptz,
    -- the last dead letter that was chosen, with when it died: the next ones stand behind it; null before the first
    chosen_up_to_at timestamptz,
    chosen_up_to_id uuid,
    -- no dead letter is left to choose
    is_all_chosen boolean not null default false,
    -- the last dead letter whose event was checked for how it ended: the next ones stand behind it; null: from the first on
    checked_up_to_id uuid,
    -- when the next dead letter may be due, by the rate
    next_due_at timestamptz not null,
    last_redriven_at timestamptz,
    -- when the next step is to be taken; null: there is nothing to do
    next_step_at timestamptz,

    matched bigint not null,
    redriven bigint not null default 0,
    skipped_run_cancelled bigint not null default 0,
    skipped_unique_key_held bigint not null default 0,
    skipped_payload_patch bigint not null default 0,
    open_events bigint not null default 0,
    completed bigint not null default 0,
    died_again bigint not null default 0,
    cancelled bigint not null default 0
);

-- Jobs that have something to do, in the order in which they are served.
create index redrive_jobs_next_step on eventlease.redrive_jobs (next_step_at) where next_step_at is not null;

-- Which dead letters a job redrove: none of them twice.
create table eventlease.redriven_by_jobs (
    job_id uuid not null,
    -- the dead letter
    event_id uuid not null,
    -- the event that was queued: the same one, or the one that was made of it with another payload
    queued_event_id uuid not null,
    -- how it ended; null while it is open
    outcome text constraint redriven_by_jobs_outcome check (outcome in ('completed', 'died_again', 'cancelled', 'unknown')),
    constraint redriven_by_jobs_pkey primary key (job_id, event_id),
    constraint redriven_by_jobs_job foreign key (job_id) references eventlease.redrive_jobs (job_id)
);

-- Those that are open, or were when they were last looked at.
create index redriven_by_jobs_open on eventlease.redriven_by_jobs (job_id, event_id) where outcome is null;
