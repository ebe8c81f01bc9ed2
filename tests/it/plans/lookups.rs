//! What is looked up beside events on their way: engines, tokens, runs, keys, dead letters.

mod statements;

use std::collections::BTreeSet;

use super::plan::{Plan, Scan};
use super::statements::{ENGINE, TOKEN};
use super::{MANY, Stage};
pub use statements::{LOOKUPS, Lookup, OF_DAY};

/// What is filled, beside what `Stage` sees to.
const TABLES: [&str; 8] = [
    "queues",
    "engine_states",
    "tokens",
    "scenario_runs",
    "idempotency_keys",
    "queue_activity",
    "redrive_jobs",
    "redriven_by_jobs",
];

impl Stage {
    /// Has every statement planned, once for all that comes.
    async fn prepare_lookups(&self) {
        self.run("deallocate all; set plan_cache_mode = force_generic_plan").await;
        // The events that are asked for are leased; this one waits.
        self.run(
            "create or replace function pg_temp.queued_event() returns uuid language sql as
             'select event_id from eventlease.event_queue order by event_id limit 1'",
        )
        .await;
        for Lookup { statement, .. } in LOOKUPS {
            self.run(&format!("prepare {} as {}", statement.name, statement.sql)).await;
            // The generic plan is made with the first execution.
            self.explain(statement, &["00000000-0000-7000-8000-000000000000".to_owned()]).await;
        }
    }

    /// Many rows of each kind, among them an engine and a token with sessions, and dead letters of all events.
    async fn fill_beside(&self) {
        self.fill(MANY).await;
        // Nothing that the server's own tasks would see to meanwhile.
        let now = "statement_timestamp()";
        for statement in [
            "insert into eventlease.queues (engine_type)
                 select 'queue-' || n from generate_series(1, 2000) n union all select 'dialogue'
                 on conflict do nothing"
                .to_owned(),
            format!(
                "insert into eventlease.engine_states (engine_id, engine_type, metadata, registered_at, last_seen_at,
                    heartbeat_timeout_seconds, engine_software_version, status, last_heartbeat)
                 select case n when 1 then {ENGINE} else gen_random_uuid() end,
                    case when n <= 20 then 'dialogue' else 'queue-' || n % 2000 end,
                    '{{}}', {now}, {now}, 3600, '1.0',
                    case n when 2 then 'unresponsive' else 'active' end, {now}
                 from generate_series(1, {MANY}) n"
            ),
            format!(
                "insert into eventlease.tokens (token_id, name, role, sha256, created_by)
                 select case n when 1 then {TOKEN} else gen_random_uuid() end, 'caller', 'operator',
                    sha256(n::text::bytea), 'test'
                 from generate_series(1, {MANY}) n"
            ),
            format!(
                "insert into eventlease.tokens (token_id, name, role, sha256, created_by, expires_at, session_of)
                 select gen_random_uuid(), 'caller', 'operator', sha256(('session ' || t.token_id || n)::bytea), 'test',
                    statement_timestamp() + make_interval(hours => n - 5), t.token_id
                 from (select token_id from eventlease.tokens order by token_id = {TOKEN} desc limit 1000) t
                 cross join generate_series(1, 10) n"
            ),
            "insert into eventlease.tokens (token_id, name, role, sha256, created_by, expires_at, engine_id)
                 select gen_random_uuid(), 'engine', 'engine', sha256(('of engine ' || s.engine_id || n)::bytea), 'test',
                    statement_timestamp() + make_interval(hours => n - 2), s.engine_id
                 from eventlease.engine_states s cross join generate_series(1, 3) n"
                .to_owned(),
            format!(
                "insert into eventlease.scenario_runs (scenario_run_id, cancelled_at, is_carried_out)
                 select 'run-' || n, {now}, n > 100 from generate_series(1, {MANY}) n"
            ),
            "insert into eventlease.idempotency_keys (engine_type, idempotency_key, event_id, body_sha256, expires_at)
             select engine_type, event_id::text, event_id, sha256('a'), created_at + interval '1 day'
             from eventlease.events"
                .to_owned(),
            "insert into eventlease.dead_letters (event_id, engine_type, event_type, reason, payload, payload_bytes,
                priority, scenario_run_id, created_at, dead_lettered_at, attempt, failures, lease_losses, redrives, attempts,
                error_fingerprint)
             select event_id, case when row_number() over () <= 100 then engine_type else 'chess' end, event_type,
                'not_retryable', '{}', 2, priority,
                'run-' || row_number() over () % 1000, created_at, created_at, 1, 1, 0, 0, '[{}]', 'cause'
             from (select * from eventlease.events order by event_id desc) newest"
                .to_owned(),
            "insert into eventlease.queue_activity (engine_type, period_at, replica_id, durations)
             select engine_type, to_timestamp(floor(extract(epoch from statement_timestamp()) / 10) * 10 - 10 * n),
                gen_random_uuid(), '{}'
             from eventlease.queues cross join generate_series(1, 10) n"
                .to_owned(),
            format!(
                "insert into eventlease.redrive_jobs (job_id, filter, created_at, state, state_changed_at, has_canary_ahead,
                    next_due_at, next_step_at, matched)
                 select case n when 1 then {TOKEN} when 2 then {ENGINE} else gen_random_uuid() end, '{{}}', {now}, 'watching', {now},
                    false, {now}, case when n % 1000 = 0 then {now} end, 0
                 from generate_series(1, {MANY}) n"
            ),
            // The newest are for a test of what a job records.
            format!(
                "insert into eventlease.redriven_by_jobs (job_id, event_id, queued_event_id, outcome)
                 select {TOKEN}, event_id, event_id, 'completed'
                 from (select event_id from eventlease.events order by event_id offset 1000 limit 5000) e
                 union all
                 select job_id, gen_random_uuid(), gen_random_uuid(), null from eventlease.redrive_jobs where job_id <> {ENGINE}"
            ),
            "update eventlease.event_queue set discard_at = available_at + interval '60 days' where priority = 9".to_owned(),
            "update eventlease.event_leases set lease_expires_at = statement_timestamp() + interval '1 hour'".to_owned(),
            format!(
                "with given as (
                    delete from eventlease.event_queue
                    where event_id in (select event_id from eventlease.event_queue order by event_id offset 100 limit 3)
                    returning event_id, unique_key
                 ),
                 numbered as (select event_id, unique_key, row_number() over () as n from given)
                 update eventlease.event_leases q
                 set event_id = numbered.event_id, unique_key = numbered.unique_key, attempt = 2,
                    leased_by = {ENGINE}, poll_id = {TOKEN}
                 from numbered,
                    (select event_id, row_number() over () as n from eventlease.event_leases limit 3) old
                 where numbered.n = old.n and q.event_id = old.event_id"
            ),
        ] {
            self.lab.sql(&statement).await;
        }
    }
}

/// Whether an index is among those that are as good as each other.
fn names(indexes: &str, index: &str) -> bool {
    indexes.split('|').any(|name| name == index)
}

/// What a plan does that it may not.
fn faults_of(lookup: &Lookup, plan: &Plan, events: usize) -> Vec<String> {
    let may = |scan: &&Scan| {
        let is_whole = lookup.reads_whole.contains(&scan.table.as_str());
        is_whole || scan.is_by_condition && lookup.may_use.iter().any(|indexes| names(indexes, index_of(scan)))
    };
    let others = plan.0.iter().filter(|scan| !may(scan)).map(|scan| format!("{scan:?}"));
    let opened = ["events", "event_attempts"].map(|table| plan.partitions(table)).into_iter().max().unwrap_or(0);
    let days = (opened > events && lookup.statement.name != "peek").then(|| format!("{opened} days"));
    others.chain(days).collect()
}

/// The name of its index, or what stands for those of all days.
fn index_of(scan: &Scan) -> &str {
    let is_of_day =
        ["events_2", "event_attempts_2", "queue_history_2"].iter().any(|begin| scan.table.starts_with(begin));
    if is_of_day && scan.index.ends_with("_pkey") { OF_DAY } else { &scan.index }
}

#[tokio::test]
async fn what_is_looked_up_beside_events_goes_by_its_indexes() {
    let stage = Stage::set().await;
    let mut faults = Vec::new();
    let mut used: Vec<BTreeSet<String>> = LOOKUPS.iter().map(|_| BTreeSet::new()).collect();
    // Statistics are what the test makes them.
    for table in TABLES {
        stage.lab.sql(&format!("alter table eventlease.{table} set (autovacuum_enabled = false)")).await;
    }
    stage.prepare_lookups().await;
    stage.fill_beside().await;
    for when in ["planned in a new database", "without statistics", "with statistics"] {
        if when == "with statistics" {
            stage.lab.sql("analyze").await;
        }
        if when != "planned in a new database" {
            stage.prepare_lookups().await;
        }
        let ids = stage.events_of_different_days(3).await;
        for (lookup, used) in LOOKUPS.iter().zip(&mut used) {
            let mode = if lookup.is_filter { "force_custom_plan" } else { "force_generic_plan" };
            stage.run(&format!("set plan_cache_mode = {mode}")).await;
            let plan = stage.explain(&lookup.statement, &ids).await;
            used.extend(plan.0.iter().map(|scan| index_of(scan).to_owned()));
            let found = faults_of(lookup, &plan, ids.len());
            faults.extend(found.iter().map(|fault| format!("{when}: {}: {fault}", lookup.statement.name)));
        }
    }
    // They are of open events, which is a fault elsewhere.
    stage.lab.sql("delete from eventlease.dead_letters").await;
    for (lookup, used) in LOOKUPS.iter().zip(used) {
        let unused = lookup.may_use.iter().filter(|indexes| !used.iter().any(|index| names(indexes, index)));
        faults.extend(unused.map(|index| format!("{} never uses {index}", lookup.statement.name)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
