//! Plans: every statement of an event's life finds its rows by index, in one partition an event, whatever the
//! statistics say. With generic plans, which is what a prepared statement ends up with, and 60 partitions.

mod lookups;
mod named;
mod plan;
mod statements;

use std::time::Duration;

use eventlease::store::Connection;
use eventlease::store::pool::{self, PoolLimits};
use serde_json::Value;
use sqlx::{AssertSqlSafe, ConnectOptions};
use tokio::sync::Mutex;

use crate::support::Lab;
use plan::{CTID, Plan};
use statements::{
    BY_CAUSE, ENDS_OF_REDRIVEN, ENGINE, OF_CAUSES, OF_RUNS, PAGES, QUEUE_USES, SCANS, STATEMENTS, Statement, TOKEN,
};

/// As many as may come and go between two rounds of autovacuum.
const MANY: i32 = 20_000;
const FEW: i32 = 60;

struct Stage {
    lab: Lab,
    /// One connection, made as the server makes its own. It is held: the pool may replace what is given back, and the
    /// prepared statements would go with it.
    session: Mutex<Connection>,
}

impl Stage {
    async fn set() -> Self {
        let lab = Lab::start().await;
        // Statistics are what the test makes them.
        for table in ["event_queue", "event_leases", "dead_letters", "open_keys"] {
            lab.sql(&format!("alter table eventlease.{table} set (autovacuum_enabled = false)")).await;
        }
        lab.sql(
            "select eventlease.ensure_partitions_of_day((statement_timestamp() at time zone 'UTC')::date - ago)
             from generate_series(2, 52) as ago",
        )
        .await;
        let partitions: i64 =
            sqlx::query_scalar("select count(*) from pg_inherits where inhparent = 'eventlease.events'::regclass")
                .fetch_one(&lab.db)
                .await
                .expect("a count");
        assert_eq!(partitions, 60);
        let limits = PoolLimits {
            max_connections: 1,
            acquire_timeout: Duration::from_secs(20),
            statement_timeout: Duration::from_mins(1),
        };
        let pool =
            pool::connect_lazily(&lab.db.connect_options().to_url_lossy().as_str().parse().expect("a URL"), limits)
                .expect("a pool");
        let session = Mutex::new(pool.acquire().await.expect("a connection"));
        let stage = Self { lab, session };
        stage.run("set plan_cache_mode = force_generic_plan").await;
        stage
    }

    async fn run(&self, statement: &str) {
        let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut **self.session.lock().await).await;
        done.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }

    /// So many events in the queue, made on the last 50 days, each with an attempt behind it; and so many leases of engines.
    async fn fill(&self, count: i32) {
        self.lab
            .sql(&format!(
                "with sent as materialized (
                    select eventlease.new_event_id(at, n) as event_id, at, n
                    from (
                        select statement_timestamp() - make_interval(days => n % 50, secs => n % 60) as at, n
                        from generate_series(1, {count}) as n
                    ) numbered
                 ),
                 facts as (
                    insert into eventlease.events (event_id, engine_type, event_type, payload, payload_bytes,
                        priority, created_at)
                    select event_id, 'dialogue', 'test.happened', '{{}}', 2, n % 10, at from sent
                 ),
                 attempts as (
                    insert into eventlease.event_attempts (event_id, engine_type, attempt, leased_at, ended_at,
                        outcome, answer, lease_token)
                    select event_id, 'dialogue', 1, at, at, 'released', 'released', gen_random_uuid() from sent
                 ),
                 leases as (
                    insert into eventlease.event_leases (event_id, engine_type, event_type, lane, priority, available_at,
                        payload_bytes, attempt, failures, lease_losses, releases, redrives, lease_token, leased_by,
                        leased_at, lease_expires_at, lease_deadline_at, lease_seconds)
                    select gen_random_uuid(), 'dialogue', 'test.happened', 0, 5, at, 2, 1, 0, 0, 0, 0, gen_random_uuid(),
                        gen_random_uuid(), at, at, at, 60
                    from sent
                 ),
                 keys as (
                    insert into eventlease.open_keys (engine_type, unique_key, event_id)
                    select 'dialogue', event_id::text, event_id from sent
                 )
                 insert into eventlease.event_queue (event_id, engine_type, event_type, priority,
                    available_at, payload_bytes, attempt, unique_key)
                 select event_id, 'dialogue', 'test.happened', n % 10, at, 2, 1, event_id::text from sent"
            ))
            .await;
    }

    async fn empty(&self) {
        for table in ["event_queue", "event_leases", "event_attempts", "events", "open_keys"] {
            self.lab.sql(&format!("delete from eventlease.{table}")).await;
        }
    }

    async fn analyze(&self) {
        self.lab
            .sql(
                "analyze eventlease.event_queue, eventlease.event_leases, eventlease.events, eventlease.event_attempts,
                    eventlease.open_keys",
            )
            .await;
    }

    /// Has every statement planned, once for all that comes.
    async fn prepare(&self) {
        self.run("deallocate all").await;
        for statement in STATEMENTS.iter().chain(&SCANS) {
            self.run(&format!("prepare {} as {}", statement.name, statement.sql)).await;
            // The generic plan is made with the first execution; with nothing found, if there is nothing.
            self.explain(statement, &["00000000-0000-7000-8000-000000000000".to_owned()]).await;
        }
    }

    /// Runs a statement for these events, which are leased, and takes everything back.
    async fn explain(&self, statement: &Statement, ids: &[String]) -> Plan {
        let list = ids.join("', '");
        self.run(&format!(
            "begin;
             with gone as (delete from eventlease.event_queue where event_id in ('{list}') returning *)
             insert into eventlease.event_leases (event_id, engine_type, event_type, lane, priority, available_at,
                payload_bytes, attempt, failures, lease_losses, releases, redrives, lease_token, leased_by, leased_at,
                lease_expires_at, lease_deadline_at, lease_seconds, unique_key)
             select event_id, engine_type, event_type, lane, priority, available_at, payload_bytes, 2, failures,
                lease_losses, releases, redrives, {TOKEN}, {ENGINE}, statement_timestamp(),
                statement_timestamp() + interval '1 minute', statement_timestamp() + interval '1 hour', 60, unique_key
             from gone"
        ))
        .await;
        let explain = format!(
            "explain (analyze, timing off, format json) execute {}{}",
            statement.name,
            in_brackets(&(statement.arguments)(ids))
        );
        let explained: Result<Value, _> = sqlx::query_scalar(AssertSqlSafe(explain))
            .persistent(false)
            .fetch_one(&mut **self.session.lock().await)
            .await;
        self.run("rollback").await;
        Plan::of(&explained.unwrap_or_else(|error| panic!("{}: {error}", statement.name)))
    }

    /// The newest events, each of another day.
    async fn events_of_different_days(&self, count: i64) -> Vec<String> {
        sqlx::query_scalar(
            "select max(event_id::text) from eventlease.events group by tableoid order by 1 desc limit $1",
        )
        .bind(count)
        .fetch_all(&self.lab.db)
        .await
        .expect("events")
    }

    /// What is wrong with the plans now.
    async fn faults(&self, when: &str) -> Vec<String> {
        let ids = self.events_of_different_days(3).await;
        let mut faults = Vec::new();
        for statement in &STATEMENTS {
            let one = self.explain(statement, &ids[..1]).await;
            let three = self.explain(statement, &ids).await;
            let mut found = Vec::new();
            found.extend(one.sequential().iter().chain(&three.sequential()).map(|scan| format!("{scan:?}")));
            for table in ["events", "event_attempts"] {
                if one.partitions(table) > 1 || three.partitions(table) > 3 {
                    found.push(format!("{} partitions of {table}", one.partitions(table)));
                }
                if three.lookups(table) > 3 * one.lookups(table) {
                    found.push(format!("{} look-ups for three, {} for one", three.lookups(table), one.lookups(table)));
                }
            }
            let may_use = match statement.name {
                "beat" => ["event_leases_held"].as_slice(),
                "count_held" | "leases_of_engine" | "lock_held_by" => &["event_leases_held", "event_leases_pkey"],
                "complete" => &["event_leases_pkey", CTID],
                "grant_leases" => &[CTID],
                _ => &["event_queue_pkey", "event_leases_pkey"],
            };
            let plans = [&one, &three];
            let indexes = plans
                .iter()
                .flat_map(|plan| plan.indexes("event_queue").into_iter().chain(plan.indexes("event_leases")));
            found.extend(indexes.filter(|index| !may_use.contains(index)).map(str::to_owned));
            for table in ["event_queue", "event_leases"] {
                let whole = plans.iter().flat_map(|plan| plan.whole_indexes(table));
                found.extend(whole.map(|index| format!("all of {index}")));
            }
            // Where an event has a unique key, its end finds that by the key, and deletes it where it stands.
            let of_keys = plans.iter().flat_map(|plan| plan.indexes("open_keys"));
            found.extend(of_keys.filter(|index| !["open_keys_pkey", CTID].contains(index)).map(str::to_owned));
            let frees_keys = matches!(statement.name, "complete" | "close" | "dead_letter" | "free_open_keys");
            if frees_keys != plans.iter().all(|plan| plan.indexes("open_keys").contains("open_keys_pkey")) {
                found.push("keys are not looked up, or in vain".to_owned());
            }
            let of_engines = match statement.name {
                "enqueue_plain" => Some("engine_states_by_type"),
                _ => None,
            };
            if of_engines.is_some_and(|index| one.indexes("engine_states") != [index].into()) {
                found.push(format!("{:?} of engine_states", one.indexes("engine_states")));
            }
            found.dedup();
            faults.extend(found.iter().map(|fault| format!("{when}: {}: {fault}", statement.name)));
        }
        for scan in &SCANS {
            let plan = self.explain(scan, &ids).await;
            if plan.indexes("event_queue") != ["event_queue_ready"].into() {
                faults.push(format!("{when}: {}: {plan:?}", scan.name));
            }
        }
        faults
    }
}

/// Arguments of a statement that may have none.
fn in_brackets(arguments: &str) -> String {
    if arguments.is_empty() { String::new() } else { format!(" ({arguments})") }
}

#[tokio::test]
async fn every_plan_goes_by_an_index_into_one_partition_an_event() {
    let stage = Stage::set().await;
    let mut faults = Vec::new();
    stage.analyze().await;
    stage.prepare().await;
    stage.fill(FEW).await;
    faults.extend(stage.faults("few events, planned when there were none").await);
    stage.analyze().await;
    stage.prepare().await;
    faults.extend(stage.faults("few events, known to be few").await);

    stage.fill(MANY).await;
    faults.extend(stage.faults("many events, planned when they were few").await);
    stage.prepare().await;
    faults.extend(stage.faults("many events, thought to be few").await);
    stage.analyze().await;
    stage.prepare().await;
    faults.extend(stage.faults("many events, known to be many").await);

    stage.empty().await;
    stage.fill(FEW).await;
    faults.extend(stage.faults("few events, planned when they were many").await);
    stage.analyze().await;
    stage.prepare().await;
    faults.extend(stage.faults("few events in a table that was full").await);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Days of which a page of fifty events may open the indexes: this one or the last two, and those made ahead.
const DAYS_OF_A_PAGE: usize = 2 + 7;

#[tokio::test]
async fn a_page_of_events_opens_no_more_days_than_it_shows() {
    let stage = Stage::set().await;
    stage.fill(MANY).await;
    stage
        .lab
        .sql(
            "update eventlease.events
             set scenario_run_id = 'run-1', caused_by = '11111111-1111-1111-1111-111111111111'
             where event_id in (select event_id from eventlease.events order by event_id desc limit 100)",
        )
        .await;
    let mut faults = Vec::new();
    for when in ["without statistics", "with statistics"] {
        for page in &PAGES {
            stage.run(&format!("deallocate all; prepare {} as {}", page.name, page.sql)).await;
            let ids = stage.events_of_different_days(1).await;
            let plan = stage.explain(page, &ids).await;
            let days = plan.partitions("events").max(plan.partitions("event_attempts"));
            // Every day's index of runs, or of causes, is asked, and most have nothing.
            let is_of_run = matches!(page.name, "list_events_of_run" | "list_events_caused_by");
            let by_key = plan.indexes("events").iter().filter(|index| index.ends_with("_pkey")).count();
            // What a filter finds by an index of its own is not looked for elsewhere.
            let choice = match page.name {
                "list_failing" => Some(("event_queue", "event_queue_failing")),
                "list_suspects" => Some(("event_queue", "event_queue_suspects")),
                "list_held" => Some(("event_leases", "event_leases_held")),
                "list_by_idempotency_key" => Some(("idempotency_keys", "idempotency_keys_pkey")),
                "list_by_unique_key" => Some(("open_keys", "open_keys_pkey")),
                "list_failed_by_error" => Some(("dead_letters", "dead_letters_pkey")),
                _ => None,
            };
            if let Some((table, index)) = choice
                && !plan.indexes(table).contains(index)
            {
                faults.push(format!("{when}: {} without {index}: {plan:#?}", page.name));
            }
            if !plan.sequential().is_empty() || (days > DAYS_OF_A_PAGE && !is_of_run) || (is_of_run && by_key > 2) {
                faults.push(format!("{when}: {}: {plan:#?}", page.name));
            }
        }
        stage.analyze().await;
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn what_is_asked_of_runs_goes_by_their_index_and_what_is_asked_of_events_by_their_ids() {
    let stage = Stage::set().await;
    stage.fill(MANY).await;
    for table in ["events", "event_queue", "event_leases"] {
        stage
            .lab
            .sql(&format!(
                "update eventlease.{table} set scenario_run_id = 'run-1'
                 where event_id in (select event_id from eventlease.{table} order by event_id desc limit 100)"
            ))
            .await;
    }
    let mut faults = Vec::new();
    for when in ["without statistics", "with statistics"] {
        for mode in ["force_generic_plan", "force_custom_plan"] {
            for (statement, may_use) in &OF_RUNS {
                // Filters of many optional parts are planned for the parts given, as `begin_reading` has it.
                let is_filter = statement.name.starts_with("queued_of");
                if is_filter && mode == "force_generic_plan" {
                    continue;
                }
                stage
                    .run(&format!(
                        "deallocate all; set plan_cache_mode = {mode}; prepare {} as {}",
                        statement.name, statement.sql
                    ))
                    .await;
                let ids = stage.events_of_different_days(3).await;
                let plan = stage.explain(statement, &ids).await;
                let indexes = plan.indexes("event_queue").into_iter().chain(plan.indexes("event_leases"));
                let others: Vec<&str> = indexes.filter(|index| !may_use.contains(index)).collect();
                let sequential = plan.sequential();
                if !others.is_empty() || !sequential.is_empty() {
                    faults.push(format!("{when}, {mode}: {}: {others:?} {sequential:?}", statement.name));
                }
            }
        }
        stage.analyze().await;
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn dead_letters_of_a_cause_and_their_groups_go_by_an_index() {
    let stage = Stage::set().await;
    stage.fill(MANY).await;
    stage
        .lab
        .sql(
            "insert into eventlease.dead_letters (event_id, engine_type, event_type, reason, payload, payload_bytes, priority,
                created_at, dead_lettered_at, attempt, failures, lease_losses, redrives, attempts, error_type, error_message,
                error_fingerprint, error_fingerprint_rule)
             select event_id, engine_type, event_type, 'not_retryable', to_json(repeat(event_id::text, 20)), 720, priority,
                created_at, created_at, 1, 1, 0, 0, '[]', 'Timeout', 'no answer',
                nullif('cause-' || place % 21, 'cause-20'), 2
             from (select *, row_number() over (order by event_id) as place from eventlease.events) e",
        )
        .await;
    let mut faults = Vec::new();
    for when in ["without statistics", "with statistics", "vacuumed"] {
        for (statement, may_use) in &OF_CAUSES {
            // Filters of many optional parts are planned for the parts given, as `begin_reading` has it.
            let mode = if statement.sql.contains("with wanted") { "force_custom_plan" } else { "force_generic_plan" };
            stage
                .run(&format!(
                    "deallocate all; set plan_cache_mode = {mode}; prepare {} as {}",
                    statement.name, statement.sql
                ))
                .await;
            let ids = stage.events_of_different_days(3).await;
            let plan = stage.explain(statement, &ids).await;
            let indexes = plan.indexes("dead_letters");
            let others: Vec<&&str> = indexes.iter().filter(|index| !may_use.contains(index)).collect();
            let days = plan.partitions("event_attempts");
            if !others.is_empty() || !plan.sequential().is_empty() || days > DAYS_OF_A_PAGE {
                faults.push(format!("{when}: {}: {others:?} {plan:#?}", statement.name));
            }
            // Once autovacuum has been there, groups read an index alone, and no payload.
            let is_of_groups = statement.name.starts_with("group");
            let reads_index_alone = plan.0.iter().any(|scan| scan.index == BY_CAUSE && scan.kind == "Index Only Scan");
            if is_of_groups && when == "vacuumed" && !reads_index_alone {
                faults.push(format!("{when}: {}: {plan:#?}", statement.name));
            }
        }
        stage.lab.sql("analyze eventlease.dead_letters, eventlease.event_attempts").await;
        if when == "with statistics" {
            stage.lab.sql("vacuum eventlease.dead_letters").await;
        }
    }
    // They are open all the time.
    stage.lab.sql("delete from eventlease.dead_letters").await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn housekeeping_of_queues_reads_leases_from_a_position_and_queues_by_their_order() {
    let stage = Stage::set().await;
    let mut faults = Vec::new();
    for count in [FEW, MANY] {
        stage.fill(count).await;
        for when in ["without statistics", "with statistics"] {
            stage.run(&format!("deallocate all; prepare {} as {}", QUEUE_USES.name, QUEUE_USES.sql)).await;
            let ids = stage.events_of_different_days(1).await;
            let plan = stage.explain(&QUEUE_USES, &ids).await;
            let is_by_index = plan.indexes("event_queue") == ["event_queue_ready"].into()
                && plan.indexes("event_leases") == ["event_leases_expiring"].into();
            if !is_by_index || !plan.sequential().is_empty() {
                faults.push(format!("{count}, {when}: {plan:#?}"));
            }
            stage.analyze().await;
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn the_ends_of_redriven_events_are_looked_up_by_their_ids() {
    let stage = Stage::set().await;
    stage.fill(MANY).await;
    stage
        .lab
        .sql(&format!(
            "with job as (
                insert into eventlease.redrive_jobs (job_id, filter, created_at, state, state_changed_at, has_canary_ahead, next_due_at,
                    matched)
                values ({TOKEN}, '{{}}', statement_timestamp(), 'watching', statement_timestamp(), false, statement_timestamp(), 0)
             )
             insert into eventlease.redriven_by_jobs (job_id, event_id, queued_event_id, outcome)
             select {TOKEN}, event_id, event_id, case when place % 10 > 0 then 'completed' end
             from (select event_id, row_number() over (order by event_id) as place from eventlease.events) e"
        ))
        .await;
    // Some have ended: they are in neither table of open events.
    stage.lab.sql("delete from eventlease.event_queue where event_id::text ~ '[01]$'").await;
    let mut faults = Vec::new();
    for when in ["without statistics", "with statistics"] {
        for mode in ["force_generic_plan", "force_custom_plan"] {
            let (name, sql) = (ENDS_OF_REDRIVEN.name, ENDS_OF_REDRIVEN.sql);
            stage.run(&format!("deallocate all; set plan_cache_mode = {mode}; prepare {name} as {sql}")).await;
            let ids = stage.events_of_different_days(1).await;
            let plan = stage.explain(&ENDS_OF_REDRIVEN, &ids).await;
            let is_by_index = plan.indexes("event_queue") == ["event_queue_pkey"].into()
                && plan.indexes("event_leases") == ["event_leases_pkey"].into()
                && plan.lookups("event_queue") <= 200
                && plan.lookups("event_attempts") <= 200
                && plan.indexes("redriven_by_jobs").contains("redriven_by_jobs_open");
            if !is_by_index || !plan.sequential().is_empty() {
                faults.push(format!("{when}, {mode}: {plan:#?}"));
            }
        }
        stage.lab.sql("analyze eventlease.redriven_by_jobs").await;
        stage.analyze().await;
    }
    stage.lab.sql("delete from eventlease.redriven_by_jobs").await;
    // They are in no place, and nothing of them was lost but by this test.
    stage.empty().await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The faults must be seen where there are some: the obvious way to look events up visits every partition.
#[tokio::test]
async fn a_bad_plan_is_seen() {
    let stage = Stage::set().await;
    stage.fill(FEW).await;
    let bad = Statement {
        name: "look_up",
        sql: "select e.payload from eventlease.events e where e.event_id = any($1::uuid[])",
        arguments: |ids| format!("array['{}']::uuid[]", ids.join("', '")),
    };
    stage.run(&format!("prepare {} as {}", bad.name, bad.sql)).await;
    let ids = stage.events_of_different_days(1).await;
    let plan = stage.explain(&bad, &ids).await;
    assert!(plan.partitions("events") > 1, "{plan:#?}");
    stage.run("set enable_seqscan = on; set enable_indexscan = off; set enable_bitmapscan = off; discard plans").await;
    let plan = stage.explain(&bad, &ids).await;
    assert!(!plan.sequential().is_empty(), "{plan:#?}");
}
