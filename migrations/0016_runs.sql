-- Open events know their run and their unique key, and a run that was cancelled stays so.
--
-- Replicas of the version before cannot go on beside this: they would move open events without either.
lock table eventlease.event_queue, eventlease.event_leases in access exclusive mode;

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

-- Null where the event has none. They move with the event's row.
alter table eventlease.event_queue add column scenario_run_id text, add column unique_key text;
alter table eventlease.event_leases add column scenario_run_id text, add column unique_key text;
alter table eventlease.dead_letters add column unique_key text;

update eventlease.event_queue q
set scenario_run_id = e.scenario_run_id
from eventlease.events e
where e.event_id = q.event_id and e.engine_type = q.engine_type and e.scenario_run_id is not null;

update eventlease.event_leases q
set scenario_run_id = e.scenario_run_id
from eventlease.events e
where e.event_id = q.event_id and e.engine_type = q.engine_type and e.scenario_run_id is not null;

-- What is open of a run, queue by queue. Events without a run are not in it and cost nothing.
create index event_queue_of_run on eventlease.event_queue (scenario_run_id, engine_type)
    where scenario_run_id is not null;
create index event_leases_of_run on eventlease.event_leases (scenario_run_id, engine_type)
    where scenario_run_id is not null;

-- The failed events of a run, also those whose history was dropped.
create index dead_letters_of_run on eventlease.dead_letters (scenario_run_id, event_id)
    where scenario_run_id is not null;

-- As before, with two columns more.
create or replace view eventlease.open_events as
select event_id, engine_type, event_type, 'queued' as state, lane, priority, available_at, payload_bytes, attempt, failures,
    lease_losses, releases, redrives, visibility_timeout_seconds, retry_policy, lease_token, null::uuid as leased_by,
    null::integer as incarnation, null::text as engine_software_version, null::timestamptz as leased_at,
    null::timestamptz as lease_expires_at, lease_deadline_at, null::json as progress,
    null::timestamptz as cancel_requested_at, scenario_run_id, unique_key
from eventlease.event_queue
union all
select event_id, engine_type, event_type, 'processing', lane, priority, available_at, payload_bytes, attempt, failures,
    lease_losses, releases, redrives, visibility_timeout_seconds, retry_policy, lease_token, leased_by,
    incarnation, engine_software_version, leased_at,
    lease_expires_at, lease_deadline_at, progress,
    cancel_requested_at, scenario_run_id, unique_key
from eventlease.event_leases;

-- The runs that were cancelled and not reopened: one row for each queue in which the run is cancelled, or one with an empty
-- `engine_type` for all of them.
create table eventlease.scenario_runs (
    scenario_run_id text not null,
    engine_type text not null default '',
    cancelled_at timestamptz not null,
    -- the name of the token; null without authentication
    cancelled_by text,
    -- all that was open of it has been cancelled, or asked to be
    is_carried_out boolean not null default false,
    constraint scenario_runs_pkey primary key (scenario_run_id, engine_type)
);

-- What a cancel that was cut off left to do.
create index scenario_runs_to_carry_out on eventlease.scenario_runs (cancelled_at) where not is_carried_out;

-- Locks scenario runs until the end of the transaction, and returns which of them are cancelled, and in which queue ('' is
-- all). A transaction that adds open events to runs calls it first, for all its runs at once. Cancelling a run takes the
-- same lock alone: so it waits for those who add to the run, or they see that it is cancelled.
--
-- The lock is one of 64, told by the run's hash, so that a batch of many runs takes few. Shared, it costs no write.
-- `volatile`: the second statement reads what was committed until the locks were there.
create function eventlease.lock_runs(runs text[]) returns table (scenario_run_id text, engine_type text)
language plpgsql volatile
rows 1
as $$
begin
    perform pg_advisory_xact_lock_shared(1163284301, lock.slot)
    from (select distinct hashtext(run) & 63 as slot from unnest(runs) as run where run is not null order by 1) lock;
    return query
        select r.scenario_run_id, r.engine_type
        from eventlease.scenario_runs r
        where r.scenario_run_id = any(runs);
end
$$;

-- Waits for all that add to a run, and keeps others from it until the end of the transaction.
create function eventlease.lock_run_alone(run text) returns void
language plpgsql volatile
as $$
begin
    perform pg_advisory_xact_lock(1163284301, hashtext(run) & 63);
end
$$;

-- Refuses an event of a run that is cancelled in the event's queue; for those who enqueue from SQL.
create function eventlease.check_run(run text, queue text) returns void
language plpgsql volatile
as $$
declare
    mine text[];
begin
    if run is null then
        return;
    end if;
    if exists (select from eventlease.lock_runs(array[run]) cancelled where cancelled.engine_type in ('', queue)) then
        raise exception 'scenario_run_id: the scenario run is cancelled'
            using errcode = 'object_not_in_prerequisite_state', detail = 'run_cancelled';
    end if;
    -- Where the whole transaction has one snapshot, a later cancel is not in it. Writing what the cancel wrote then fails, with
    -- the error that such transactions are repeated for.
    if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
        with written as (
            insert into eventlease.scenario_runs (scenario_run_id, engine_type, cancelled_at)
            values (run, '', statement_timestamp()), (run, queue, statement_timestamp())
            on conflict on constraint scenario_runs_pkey do nothing
            returning scenario_runs.engine_type
        )
        select array_agg(written.engine_type) into mine from written;
        delete from eventlease.scenario_runs r where r.scenario_run_id = run and r.engine_type = any(mine);
    end if;
end
$$;

-- `eventlease.enqueue` as before, but that open events know their run, and that a cancelled run takes none.
do $$
begin
    execute replace(replace(replace(pg_get_functiondef('eventlease.enqueue'::regproc),
        'payload_bytes, visibility_timeout_seconds, retry_policy)
    values', 'payload_bytes, visibility_timeout_seconds, retry_policy, scenario_run_id)
    values'),
        'enqueue.visibility_timeout_seconds,
        policy);', 'enqueue.visibility_timeout_seconds,
        policy, enqueue.scenario_run_id);'),
        '    insert into eventlease.events (', '    perform eventlease.check_run(enqueue.scenario_run_id, enqueue.engine_type);

    insert into eventlease.events (');
end
$$;
