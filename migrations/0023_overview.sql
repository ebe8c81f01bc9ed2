-- What an overview, the history of queues and autoscalers need: more counts in the activity of queues, and the time in which
-- a queue is to be cleared. Replicas of the version before go on beside this one: what they write counts none of the new
-- events, and their rows have no waits.

alter table eventlease.queue_activity
    -- attempts whose engines gave the event back
    add column released bigint not null default 0,
    -- settlements after the end of their lease that were accepted
    add column late bigint not null default 0,
    add column dead_lettered bigint not null default 0,
    -- leased events by the time from due to leased: the buckets stand in the code; null where none was leased
    add column waits bigint[];

alter table eventlease.queues
    -- for `wanted_slots`: in how many seconds what is due is to be processed; null is inherited
    add column target_clear_seconds integer;

-- How queues stood, minute by minute: append only, a partition a day, dropped when old. A queue has a row of a minute in which
-- something happened or changed, or events were due. The row with an empty name is all queues together: there is one for each minute
-- in which the service ran, so that a minute without it is a gap.
create table eventlease.queue_history (
    engine_type text not null,
    -- the begin of the minute that was counted; depths and slots are those shortly after its end
    minute_at timestamptz not null,
    due bigint not null,
    delayed bigint not null,
    processing bigint not null,
    dead_letters bigint not null,
    oldest_due_age_seconds real not null,
    slots bigint not null,
    busy bigint not null,
    enqueued bigint not null,
    completed bigint not null,
    failed bigint not null,
    lost bigint not null,
    released bigint not null,
    late bigint not null,
    dead_lettered bigint not null,
    -- null where there was none
    attempt_p50_seconds real,
    attempt_p99_seconds real,
    wait_p50_seconds real,
    wait_p99_seconds real,
    constraint queue_history_pkey primary key (engine_type, minute_at)
) partition by range (minute_at);

-- Makes the partition of one day (UTC) where it is missing, and says whether it made it: apart and then attached, as those of events.
create function eventlease.ensure_history_partition(day date) returns boolean
language plpgsql
as $$
declare
    partition text := 'queue_history_' || to_char(day, 'YYYYMMDD');
    low timestamptz := day::timestamp at time zone 'UTC';
    high timestamptz := (day + 1)::timestamp at time zone 'UTC';
begin
    if to_regclass('eventlease.' || partition) is not null then
        return false;
    end if;
    -- replicas start together; the second one finds the partition made
    perform pg_advisory_xact_lock(hashtextextended('eventlease.partitions', 0));
    if to_regclass('eventlease.' || partition) is not null then
        return false;
    end if;
    execute format('create table eventlease.%I (like eventlease.queue_history including all)', partition);
    execute format('alter table eventlease.%I add constraint %I check (minute_at >= %L and minute_at < %L)',
        partition, partition || '_bounds', low, high);
    execute format('alter table eventlease.queue_history attach partition eventlease.%I for values from (%L) to (%L)',
        partition, low, high);
    execute format('alter table eventlease.%I drop constraint %I', partition, partition || '_bounds');
    return true;
end
$$;

select eventlease.ensure_history_partition((statement_timestamp() at time zone 'UTC')::date + ahead)
from generate_series(-1, 7) as ahead;
