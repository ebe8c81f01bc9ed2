-- What is leased gets a table of its own, `event_leases`: each open event is in it or in `event_queue`, never in both. A
-- lease moves the row, a retry moves it back. So neither table has rows whose index entries change with each lease.
--
-- Replicas of the version before cannot go on beside this: their statements name columns that are gone, and fail.
lock table eventlease.event_queue in access exclusive mode;

do $$
begin
    if exists (
        select from eventlease.service_signs where last_sign_at > clock_timestamp() - interval '10 seconds'
    ) then
        raise exception 'a replica of the version before is running, or was less than ten seconds ago, and cannot go on beside this version: stop all replicas, wait ten seconds, and start this one'
            using errcode = 'object_in_use';
    end if;
end
$$;

drop index eventlease.event_queue_ready, eventlease.event_queue_held, eventlease.event_queue_expiring,
    eventlease.event_queue_discarding;
alter table eventlease.event_queue drop constraint event_queue_pkey;
alter table eventlease.event_queue rename to event_queue_before;

-- One narrow row per event that waits for an engine. Its rows come and go; nothing of them changes.
create table eventlease.event_queue (
    event_id uuid not null,
    engine_type text not null,
    event_type text not null,
    -- 1 and 2 hold the suspects, events with a silent loss: 1 those that are leased beside others, 2 those that are leased alone
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
    -- of the lease that was lost in silence, so that a late report is recognised and takes the loss back
    lease_token uuid,
    lease_deadline_at timestamptz,
    lease_seconds integer,
    constraint event_queue_pkey primary key (event_id, engine_type),
    constraint event_queue_lane check (lane between 0 and 2),
    constraint event_queue_priority check (priority between 0 and 9),
    constraint event_queue_counts check (
        attempt >= 0 and failures >= 0 and lease_losses >= 0 and releases >= 0 and redrives >= 0),
    constraint event_queue_lost_lease check (
        lease_token is null or lease_deadline_at is not null and lease_seconds is not null)
) with (
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 500,
    autovacuum_vacuum_insert_threshold = 10000,
    autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0.2
);

-- One narrow row per event in an engine's hands.
create table eventlease.event_leases (
    event_id uuid not null,
    engine_type text not null,
    event_type text not null,
    lane smallint not null,
    priority smallint not null,
    available_at timestamptz not null,
    payload_bytes integer not null,
    -- the number of this attempt
    attempt integer not null,
    failures integer not null,
    lease_losses integer not null,
    releases integer not null,
    redrives integer not null,
    visibility_timeout_seconds integer,
    retry_policy json,
    lease_token uuid not null,
    -- null: an anonymous lease
    leased_by uuid,
    incarnation integer,
    engine_software_version text,
    leased_at timestamptz not null,
    lease_expires_at timestamptz not null,
    -- no renewal goes beyond it
    lease_deadline_at timestamptz not null,
    -- the visibility timeout this lease was given, and renews by
    lease_seconds integer not null,
    -- the poll that was given the lease, and what must be the same where it is repeated
    poll_id uuid,
    poll_terms text,
    -- it was repeated, and these leases are the later request's
    is_poll_repeated boolean not null default false,
    progress json,
    -- the event ends as cancelled with its lease
    cancel_requested_at timestamptz,
    constraint event_leases_pkey primary key (event_id, engine_type)
) with (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 500,
    autovacuum_vacuum_insert_threshold = 10000,
    autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0.2
);

insert into eventlease.event_queue
select event_id, engine_type, event_type, lane, priority, available_at, payload_bytes, attempt, failures, lease_losses,
    releases, redrives, visibility_timeout_seconds, retry_policy, discard_at, lease_token,
    case when lease_token is not null then lease_deadline_at end, case when lease_token is not null then lease_seconds end
from eventlease.event_queue_before
where state = 'queued';

insert into eventlease.event_leases
select q.event_id, q.engine_type, q.event_type, q.lane, q.priority, q.available_at, q.payload_bytes, q.attempt, q.failures,
    q.lease_losses, q.releases, q.redrives, q.visibility_timeout_seconds, q.retry_policy, q.lease_token, q.leased_by,
    q.incarnation, s.engine_software_version, q.leased_at, q.lease_expires_at, q.lease_deadline_at, q.lease_seconds,
    q.poll_id, q.poll_terms, q.is_poll_repeated, q.progress, q.cancel_requested_at
from eventlease.event_queue_before q
left join eventlease.engine_states s on s.engine_id = q.leased_by
where q.state = 'processing';

-- All open events, for those who read: one row an event in every snapshot, also in the middle of a move.
create view eventlease.open_events as
select event_id, engine_type, event_type, 'queued' as state, lane, priority, available_at, payload_bytes, attempt, failures,
    lease_losses, releases, redrives, visibility_timeout_seconds, retry_policy, lease_token, null::uuid as leased_by,
    null::integer as incarnation, null::text as engine_software_version, null::timestamptz as leased_at,
    null::timestamptz as lease_expires_at, lease_deadline_at, null::json as progress,
    null::timestamptz as cancel_requested_at
from eventlease.event_queue
union all
select event_id, engine_type, event_type, 'processing', lane, priority, available_at, payload_bytes, attempt, failures,
    lease_losses, releases, redrives, visibility_timeout_seconds, retry_policy, lease_token, leased_by,
    incarnation, engine_software_version, leased_at,
    lease_expires_at, lease_deadline_at, progress,
    cancel_requested_at
from eventlease.event_leases;

-- As before, of both tables: replaced, since others may have views of it, and rights.
create or replace view eventlease.event_instances as
select
    e.event_id,
    e.engine_type,
    e.event_type,
    coalesce(q.state, latest.final_status) as status,
    case when q.state = 'processing'
        then 'processing_by_' || coalesce(q.leased_by::text, 'anonymous') end as lock,
    q.leased_by,
    q.lease_expires_at,
    coalesce(q.attempt, latest.attempt, 0) as attempt,
    coalesce(q.priority, e.priority) as priority,
    e.scenario_run_id,
    e.payload,
    latest.result,
    latest.error,
    e.created_at,
    q.available_at,
    case when q.event_id is null then latest.ended_at end as finished_at
from eventlease.events e
left join eventlease.open_events q on q.event_id = e.event_id
left join lateral (
    select a.attempt, a.result, a.error, a.ended_at, a.final_status
    from eventlease.event_attempts a
    where a.event_id = e.event_id and a.engine_type = e.engine_type
    order by a.attempt desc
    limit 1
) latest on true
union all
-- dead letters that outlived the partition of their event
select
    d.event_id, d.engine_type, d.event_type, 'failed', null, null, null, d.attempt, d.priority,
    d.scenario_run_id, d.payload, null, d.error, d.created_at, null, d.dead_lettered_at
from eventlease.dead_letters d
where not exists (
    select from eventlease.events e
    where e.event_id = d.event_id and e.engine_type = d.engine_type
);

drop table eventlease.event_queue_before;

-- What can be leased, in the order in which it is. Every row fulfils its condition, and so does every statement that names a
-- queue. A look-up by id does not: it would end in this index where a planner knows the table as empty, and read it whole later.
create index event_queue_ready on eventlease.event_queue (engine_type, lane, priority, available_at, event_id)
    where engine_type is not null;
create index event_queue_discarding on eventlease.event_queue (discard_at) where discard_at is not null;
-- What an engine holds.
create index event_leases_held on eventlease.event_leases (leased_by, leased_at) where leased_by is not null;
-- What the reaper looks at.
create index event_leases_expiring on eventlease.event_leases (lease_expires_at);

-- `eventlease.enqueue` as before, but for the column that is gone.
do $$
begin
    execute replace(replace(pg_get_functiondef('eventlease.enqueue'::regproc),
        'event_type, state, priority', 'event_type, priority'),
        '''queued'', enqueue.priority', 'enqueue.priority');
end
$$;
