-- What happened in a queue, counted by each replica in memory and written down every few seconds:
-- the rates and durations that readers of a queue are shown. Kept for some minutes.
create table eventlease.queue_activity (
    engine_type text not null,
    -- the begin of ten seconds
    period_at timestamptz not null,
    replica_id uuid not null,
    enqueued bigint not null default 0,
    completed bigint not null default 0,
    failed bigint not null default 0,
    lost bigint not null default 0,
    -- settled attempts by duration: the buckets stand in the code
    durations bigint[] not null,
    constraint queue_activity_pkey primary key (engine_type, period_at, replica_id)
);

create index queue_activity_by_period on eventlease.queue_activity (period_at);
