-- The facts of an event and its payload: insert only, a partition a day.
create table eventlease.events (
    event_id uuid not null,
    engine_type text not null,
    event_type text not null,
    -- `json`, not `jsonb`: kept byte for byte, and cheaper
    payload json not null,
    payload_bytes integer not null,
    priority smallint not null,
    scenario_run_id text,
    created_at timestamptz not null,
    traceparent text,
    tracestate text,
    idempotency_key text,
    -- the dead letter this event was made from, with another payload
    redriven_from uuid,
    constraint events_pkey primary key (event_id, engine_type),
    constraint events_priority check (priority between 0 and 9)
) partition by range (event_id);

-- The events of a run: to list them, and to cancel what is open of them. Events without a run are
-- not in it and cost nothing.
create index events_of_run on eventlease.events (scenario_run_id, event_id)
    where scenario_run_id is not null;

-- One narrow row per open event: the only table whose rows change.
create table eventlease.event_queue (
    event_id uuid not null,
    engine_type text not null,
    event_type text not null,
    state text not null,
    -- 1 holds the suspects: events with a silent loss, which travel alone
    lane smallint not null default 0,
    priority smallint not null,
    available_at timestamptz not null,
    payload_bytes integer not null,
    -- the number of the latest attempt; never reset
    attempt integer not null default 0,
    -- the two budgets spent so far, fresh after a redrive
    failures integer not null default 0,
    lease_losses integer not null default 0,
    -- releases in a row, each without a delay
    releases integer not null default 0,
    redrives integer not null default 0,
    -- the event's own settings; null is inherited
    visibility_timeout_seconds integer,
    retry_policy json,
    discard_at timestamptz,
    cancel_requested_at timestamptz,
    -- the lease; its token stays after a silent loss, so that a late report is recognised
    lease_token uuid,
    leased_by uuid,
    incarnation integer,
    leased_at timestamptz,
    lease_expires_at timestamptz,
    -- no renewal goes beyond it
    lease_deadline_at timestamptz,
    -- the visibility timeout this lease was given, and renews by
    lease_seconds integer,
    -- the poll that was given the lease, and what must be the same where it is repeated
    poll_id uuid,
    poll_terms text,
    -- it was repeated, and these leases are the later request's
    is_poll_repeated boolean not null default false,
    progress json,
    constraint event_queue_pkey primary key (event_id, engine_type),
    constraint event_queue_state check (state in ('queued', 'processing')),
    constraint event_queue_lane check (lane = case when lease_losses > 0 then 1 else 0 end),
    constraint event_queue_priority check (priority between 0 and 9),
    constraint event_queue_counts check (
        attempt >= 0 and failures >= 0 and lease_losses >= 0 and releases >= 0 and redrives >= 0),
    constraint event_queue_lease check (case state
        when 'processing' then lease_token is not null and leased_at is not null
            and lease_expires_at is not null and lease_deadline_at is not null
            and lease_seconds is not null
        else leased_by is null and leased_at is null and lease_expires_at is null
        end)
) with (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 500,
    autovacuum_vacuum_insert_threshold = 10000,
    autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0.2
);

-- What can be leased, in the order in which it is.
create index event_queue_ready on eventlease.event_queue
    (engine_type, lane, priority, available_at, event_id) where state = 'queued';
-- What an engine holds. Its condition is not that of the next index, although nearly the same rows fulfil both: else a
-- planner that believes in few leases takes the next one to find an engine's, and reads everybody's.
create index event_queue_held on eventlease.event_queue
    (leased_by, leased_at) where leased_by is not null;
-- What the reaper looks at.
create index event_queue_expiring on eventlease.event_queue
    (lease_expires_at) where state = 'processing';
create index event_queue_discarding on eventlease.event_queue
    (discard_at) where discard_at is not null;

-- One row per ended attempt: insert only, but for a late report, which takes a silent loss back.
create table eventlease.event_attempts (
    event_id uuid not null,
    engine_type text not null,
    attempt integer not null,
    -- null: an anonymous lease, or (with `leased_at` null too) an event cancelled while queued
    engine_id uuid,
    engine_software_version text,
    incarnation integer,
    lease_token uuid,
    leased_at timestamptz,
    ended_at timestamptz not null,
    outcome text not null,
    -- what the settle was answered, so that a repeat is answered alike
    answer text,
    answer_available_at timestamptz,
    result json,
    error json,
    progress json,
    late_by_seconds double precision,
    -- on the row that ended the event
    final_status text,
    constraint event_attempts_pkey primary key (event_id, engine_type, attempt),
    constraint event_attempts_attempt check (attempt >= 1),
    constraint event_attempts_outcome check (outcome in ('completed', 'failed', 'released', 'expired',
        'engine_unresponsive', 'engine_restarted', 'deregistered', 'max_lease', 'cancelled')),
    constraint event_attempts_answer check (answer in
        ('completed', 'retry_scheduled', 'dead_lettered', 'released', 'cancelled')),
    constraint event_attempts_final_status check (final_status in ('completed', 'failed', 'cancelled'))
) partition by range (event_id);

-- A dead letter carries its payload and attempts with it, so that history can be dropped beneath.
create table eventlease.dead_letters (
    event_id uuid not null,
    engine_type text not null,
    event_type text not null,
    reason text not null,
    payload json not null,
    payload_bytes integer not null,
    priority smallint not null,
    scenario_run_id text,
    visibility_timeout_seconds integer,
    retry_policy json,
    created_at timestamptz not null,
    traceparent text,
    tracestate text,
    dead_lettered_at timestamptz not null,
    -- the last attempt's number, and how both budgets stood
    attempt integer not null,
    failures integer not null,
    lease_losses integer not null,
    redrives integer not null,
    attempts json not null,
    error json,
    error_type text,
    error_message text,
    engine_software_version text,
    -- the event made from this one with another payload
    redriven_as uuid,
    constraint dead_letters_pkey primary key (event_id, engine_type),
    constraint dead_letters_reason check (reason in
        ('retries_exhausted', 'not_retryable', 'lease_losses_exhausted'))
);

create index dead_letters_newest on eventlease.dead_letters (dead_lettered_at, event_id);
create index dead_letters_newest_by_type on eventlease.dead_letters
    (engine_type, dead_lettered_at, event_id);

-- Which event an idempotency key stands for, for as long as it is remembered.
create table eventlease.idempotency_keys (
    engine_type text not null,
    idempotency_key text not null,
    -- the name of the token that brought it: each caller has its own keys; empty without authentication, and from SQL
    enqueued_by text not null default '',
    event_id uuid not null,
    body_sha256 bytea not null,
    expires_at timestamptz not null,
    constraint idempotency_keys_pkey primary key (engine_type, idempotency_key, enqueued_by)
);

create index idempotency_keys_expiring on eventlease.idempotency_keys (expires_at);
