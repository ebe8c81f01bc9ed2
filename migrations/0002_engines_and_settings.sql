-- One row an engine. A heartbeat touches no indexed column, so with room on the page it is a
-- heap-only update.
create table eventlease.engine_states (
    engine_id uuid not null,
    engine_type text not null,
    status text not null default 'active',
    last_heartbeat timestamptz,
    current_workload integer,
    scenario_run_id text,
    metadata json not null,
    incarnation integer not null default 1,
    registered_at timestamptz not null,
    -- the last call of any kind; liveness is judged by it
    last_seen_at timestamptz not null,
    last_poll_at timestamptz,
    -- null: judged by its leases alone
    heartbeat_timeout_seconds integer,
    drain_requested_at timestamptz,
    unresponsive_since timestamptz,
    -- read out of the metadata at registration
    max_concurrent_events integer,
    engine_software_version text,
    capabilities text[] not null default '{}',
    constraint engine_states_pkey primary key (engine_id),
    constraint engine_states_status check (status in ('active', 'draining', 'unresponsive')),
    constraint engine_states_incarnation check (incarnation >= 1),
    constraint engine_states_workload check (current_workload >= 0),
    constraint engine_states_limit check (max_concurrent_events >= 1)
) with (fillfactor = 50);

create index engine_states_by_type on eventlease.engine_states (engine_type, engine_id);

-- A queue exists from its first event, engine or setting. Null settings are inherited.
create table eventlease.queues (
    engine_type text not null,
    created_at timestamptz not null default statement_timestamp(),
    default_limit integer,
    visibility_timeout_seconds integer,
    max_lease_seconds integer,
    max_processing integer,
    retry_policy json,
    paused_at timestamptz,
    paused_by text,
    pause_reason text,
    resume_at timestamptz,
    constraint queues_pkey primary key (engine_type)
);

create table eventlease.event_types (
    event_type text not null,
    created_at timestamptz not null default statement_timestamp(),
    retry_policy json,
    constraint event_types_pkey primary key (event_type)
);

-- One row: what holds for every queue that says nothing else.
create table eventlease.server_settings (
    is_only_row boolean not null default true,
    retry_policy json not null,
    constraint server_settings_pkey primary key (is_only_row),
    constraint server_settings_one_row check (is_only_row)
);

insert into eventlease.server_settings (retry_policy) values
    ('{"max_retries":3,"retry_delay":{"initial":30,"max":300,"multiplier":2},"dead_letter_threshold":3,"jitter":0.1}');

-- One row: when any replica last gave a sign of life, and when such signs began again after a gap:
-- nobody could have been heard during it. A long gap holds up every judgement, a short one only
-- those on engines with a heartbeat timeout so short that it could have used it up.
create table eventlease.service_signs (
    is_only_row boolean not null default true,
    last_sign_at timestamptz not null,
    grace_since timestamptz not null default '-infinity',
    hiccup_since timestamptz not null default '-infinity',
    constraint service_signs_pkey primary key (is_only_row),
    constraint service_signs_one_row check (is_only_row)
) with (fillfactor = 50);
