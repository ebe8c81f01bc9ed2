//! What the service reports to operators about its database.

use eventlease::app::Server;
use serde_json::{Value, json};
use sqlx::{ConnectOptions, Connection, PgConnection};

use crate::support::{Lab, Reply, config};

const PATH: &str = "/api/v1/health/database";

/// What holds for the tests' cluster, which is made to be quick.
const NOT_DURABLE: [&str; 3] = ["fsync_off", "full_page_writes_off", "synchronous_commit_off"];

async fn health(lab: &Lab) -> Value {
    lab.get(PATH).await.expect(200).body
}

fn codes(health: &Value) -> Vec<&str> {
    let warnings = health["warnings"].as_array().expect("warnings");
    warnings.iter().map(|warning| warning["code"].as_str().expect("a code")).collect()
}

/// The codes beside those of the tests' cluster.
fn other_codes(health: &Value) -> Vec<&str> {
    codes(health).into_iter().filter(|code| !NOT_DURABLE.contains(code)).collect()
}

fn message<'a>(health: &'a Value, code: &str) -> &'a str {
    let warnings = health["warnings"].as_array().expect("warnings");
    let found = warnings.iter().find(|warning| warning["code"] == code);
    found.unwrap_or_else(|| panic!("no {code}: {health}"))["message"].as_str().expect("a message")
}

async fn wait_for_listener(lab: &Lab, is_connected: bool) {
    let expected = f64::from(u8::from(is_connected));
    lab.wait_for("the listener", async || {
        let shown = lab.metric("eventlease_listener_connected").await;
        ((shown - expected).abs() < f64::EPSILON).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_database_that_is_well_is_described_and_not_warned_of() {
    let lab = Lab::start().await;
    lab.wait_until_well().await;
    let health = health(&lab).await;
    assert_eq!(other_codes(&health), [""; 0], "{health}");
    assert_eq!(codes(&health), NOT_DURABLE, "the worst first");

    let database = &health["database"];
    let version: String = sqlx::query_scalar("show server_version").fetch_one(&lab.db).await.expect("a version");
    assert_eq!(database["server_version"], version);
    assert_eq!(database["pending_migrations"], 0);
    for (fact, expected) in [("sees_other_users", true), ("is_standby", false), ("is_autovacuum_on", true)] {
        assert_eq!(database[fact], expected, "{fact}");
    }
    let ahead = |table| json!({"table": table, "has_today": true, "days_ahead": 7});
    assert_eq!(database["partitions"], json!([ahead("events"), ahead("event_attempts")]));
    let tables: Vec<&str> =
        database["tables"].as_array().expect("tables").iter().map(|t| t["table"].as_str().expect("a name")).collect();
    assert_eq!(&tables[..4], ["event_queue", "event_leases", "engine_states", "dead_letters"]);
    for number in ["live_rows", "dead_rows"] {
        assert!(database["tables"][0][number].is_u64(), "{number}: {database}");
    }
    assert_eq!(database["durability"]["standbys"], json!([]));

    let replica = &health["replica"];
    assert_eq!(replica["pool"]["max"], 5);
    assert!(replica["pool"]["idle"].as_u64() <= replica["pool"]["size"].as_u64(), "{replica}");
    assert_eq!(replica["listener"]["is_connected"], true);
    assert_eq!(replica["listener"]["interruptions"], 0);
    assert!(replica["listener"]["since"].is_string(), "{replica}");
    assert!(replica["clock"]["difference_ms"].as_i64().is_some_and(|ms| ms.abs() < 1000), "{replica}");

    lab.get(&format!("{PATH}?verbose=1")).await.problem(422, "invalid_input");
}

#[tokio::test]
async fn who_holds_an_old_snapshot_is_named() {
    let lab = Lab::start().await;
    let options = (*lab.db.connect_options()).clone().application_name("nightly report");
    let mut report = PgConnection::connect_with(&options).await.expect("a session");
    sqlx::query("begin isolation level repeatable read").execute(&mut report).await.expect("begun");
    sqlx::query("select 1").execute(&mut report).await.expect("a snapshot");
    let pid: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut report).await.expect("a number");
    // Whatever is committed since makes it the oldest.
    for _ in 0..3 {
        lab.enqueue("dialogue", json!({})).await;
    }

    let told = health(&lab).await;
    let holder = &told["database"]["snapshots"][0];
    let expected = [
        ("held_by", json!("session")),
        ("application_name", json!("nightly report")),
        ("pid", json!(pid)),
        ("state", json!("idle in transaction")),
    ];
    for (fact, expected) in expected {
        assert_eq!(holder[fact], expected, "{fact}: {holder}");
    }
    assert!(holder["since"].is_string() && holder["age_seconds"].as_f64() >= Some(0.0), "{holder}");
    assert!(holder["transactions_behind"].as_i64() >= Some(3), "{holder}");
    assert!(!codes(&told).contains(&"old_snapshot"), "it is young: {told}");

    report.close().await.expect("closed");
    let gone = health(&lab).await;
    let named = gone["database"]["snapshots"].to_string();
    assert!(!named.contains("nightly report"), "{named}");
}

#[tokio::test]
async fn a_listener_that_was_ended_shows() {
    let lab = Lab::start().await;
    wait_for_listener(&lab, true).await;
    let pid = health(&lab).await["replica"]["listener"]["pid"].clone();
    lab.sql(&format!("select pg_terminate_backend({pid})")).await;
    let back = lab
        .wait_for("the listener to come back", async || {
            let listener = health(&lab).await["replica"]["listener"].clone();
            (listener["is_connected"] == true && listener["pid"] != pid).then_some(listener)
        })
        .await;
    assert_eq!(back["interruptions"], 1);

    // Nobody can connect for a moment, and for longer the listener does not try again.
    let allow = async |is_allowed: bool| {
        let admin = crate::support::cluster::admin_url();
        let mut admin = PgConnection::connect(&admin).await.expect("the cluster runs");
        let name = lab.db.connect_options().get_database().expect("a name").to_owned();
        let statement = format!("alter database {name} allow_connections {is_allowed}");
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut admin).await.expect("altered");
    };
    // On a slow machine it may be back before the report is read; then it is ended once more.
    let told = lab
        .wait_for("a report while the listener is away", async || {
            let pid = health(&lab).await["replica"]["listener"]["pid"].clone();
            allow(false).await;
            lab.sql(&format!("select pg_terminate_backend({pid})")).await;
            wait_for_listener(&lab, false).await;
            lab.get(PATH).await.problem(503, "database_unavailable");
            allow(true).await;
            let told = health(&lab).await;
            (told["replica"]["listener"]["is_connected"] == false).then_some(told)
        })
        .await;
    assert_eq!(other_codes(&told), ["listener_down"]);
    wait_for_listener(&lab, true).await;
}

#[tokio::test]
async fn missing_partitions_are_warned_of() {
    let lab = Lab::start().await;
    lab.wait_until_well().await;
    // Its next round is minutes away.
    lab.wait_for("the task's first round", async || {
        let rounds = lab.metric("eventlease_task_runs_total{outcome=\"ok\",task=\"partitions\"}").await;
        (rounds >= 1.0).then_some(())
    })
    .await;
    let drop_partition = async |table: &str, ahead: u32| {
        lab.sql(&format!(
            "do $$ begin execute 'drop table eventlease.{table}_'
                || to_char((statement_timestamp() at time zone 'UTC')::date + {ahead}, 'YYYYMMDD'); end $$"
        ))
        .await;
    };
    drop_partition("event_attempts", 2).await;
    let told = health(&lab).await;
    assert_eq!(told["database"]["partitions"][1]["days_ahead"], 1);
    assert_eq!(other_codes(&told), ["few_partitions_ahead"]);
    assert!(message(&told, "few_partitions_ahead").starts_with("event_attempts has partitions for 1 day ahead"));

    drop_partition("events", 0).await;
    let told = health(&lab).await;
    assert_eq!(told["database"]["partitions"][0], json!({"table": "events", "has_today": false, "days_ahead": 7}));
    assert_eq!(codes(&told)[0], "partition_missing", "the worst first");

    // The service makes them anew.
    lab.broker().tend_partitions().await.expect("a round");
    assert_eq!(other_codes(&health(&lab).await), [""; 0]);
}

#[tokio::test]
async fn settings_that_cost_durability_are_warned_of() {
    let lab = Lab::start().await;
    for (setting, is_warned_of) in [("on", false), ("local", false), ("off", true)] {
        let name = lab.db.connect_options().get_database().expect("a name").to_owned();
        lab.sql(&format!("alter database {name} set synchronous_commit = {setting}")).await;
        let told = health(&lab).await;
        assert_eq!(told["database"]["durability"]["synchronous_commit"], setting);
        assert_eq!(codes(&told).contains(&"synchronous_commit_off"), is_warned_of, "{setting}: {told}");
    }
    assert!(message(&health(&lab).await, "fsync_off").contains("set fsync = on"));
}

#[tokio::test]
async fn a_schema_that_is_behind_is_warned_of() {
    let lab = Lab::start().await;
    lab.sql("delete from eventlease.migrations where version = 1").await;
    let told = health(&lab).await;
    assert_eq!(told["database"]["pending_migrations"], 1);
    assert!(message(&told, "migrations_pending").contains("eventlease migrate"), "{told}");
}

#[tokio::test]
async fn a_pool_in_full_use_is_told_of_all_the_same() {
    let lab = Lab::start().await;
    let mut other = lab.db.begin().await.expect("a transaction");
    sqlx::query("lock table eventlease.engine_states").execute(&mut *other).await.expect("locked");
    let calls: Vec<_> = (0..6).map(|_| tokio::spawn(Reply::of(lab.request("GET", "/api/v1/engines")))).collect();
    lab.wait_for("the pool to be used up", async || {
        let told = health(&lab).await;
        codes(&told).contains(&"pool_saturated").then_some(())
    })
    .await;
    other.rollback().await.expect("free again");
    for call in calls {
        call.await.expect("no panic");
    }
    lab.wait_for("the pool to be free", async || {
        let told = health(&lab).await;
        (!codes(&told).contains(&"pool_saturated")).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_not_counted_are_unknown() {
    let lab = Lab::start().await;
    let name = lab.db.connect_options().get_database().expect("a name").to_owned();
    lab.sql(&format!("alter database {name} set track_counts = off")).await;
    let told = health(&lab).await;
    for number in ["live_rows", "dead_rows"] {
        assert_eq!(told["database"]["tables"][0][number], Value::Null, "{number}: {told}");
    }
    assert_eq!(told["database"]["is_autovacuum_on"], false);
    assert!(message(&told, "autovacuum_off").contains("track_counts = on"), "{told}");
}

#[tokio::test]
async fn many_dead_rows_are_warned_of() {
    let lab = Lab::start().await;
    lab.sql("alter table eventlease.queue_activity set (autovacuum_enabled = false)").await;
    let mut session = lab.db.acquire().await.expect("a session");
    for statement in [
        "insert into eventlease.queue_activity (engine_type, period_at, replica_id, durations)
         select 'gone', now() + n * interval '1 second', gen_random_uuid(), '{}' from generate_series(1, 100000) n",
        "delete from eventlease.queue_activity where engine_type = 'gone'",
        "select pg_stat_force_next_flush()",
    ] {
        sqlx::query(statement).execute(&mut *session).await.expect("done");
    }
    let told = lab
        .wait_for("the dead rows to be counted", async || {
            let told = health(&lab).await;
            codes(&told).contains(&"many_dead_rows").then_some(told)
        })
        .await;
    let warning = message(&told, "many_dead_rows");
    assert!(warning.starts_with("queue_activity has 100000 dead rows"), "{warning}");
}

/// A role as a careful administrator makes it: with what the service needs, and nothing else.
pub async fn url_of_limited_role(lab: &Lab) -> String {
    let name = lab.db.connect_options().get_database().expect("a name").to_owned();
    let role = format!("limited_{name}");
    for statement in [
        format!("create role {role} login"),
        format!("grant usage on schema eventlease to {role}"),
        format!("grant all on all tables in schema eventlease to {role}"),
        format!("grant execute on all functions in schema eventlease to {role}"),
    ] {
        lab.sql(&statement).await;
    }
    let mut url = lab.db.connect_options().to_url_lossy();
    url.set_username(&role).expect("a role fits in");
    url.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_not_see_others_is_told_what_it_can_see_and_that_it_is_not_all() {
    let lab = Lab::start().await;
    let server = Server::start(&config(&url_of_limited_role(&lab).await, &[])).await.expect("the server starts");
    lab.wait_until_replica_is_well(&server).await;
    let path = format!("http://{}{PATH}", server.address);
    let mut report = lab.db.begin_with("begin isolation level repeatable read").await.expect("a transaction");
    sqlx::query("select 1").execute(&mut *report).await.expect("a snapshot");
    let pid: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut *report).await.expect("a number");

    let told = lab.get(&path).await.expect(200).body;
    let database = &told["database"];
    assert_eq!(database["sees_other_users"], false);
    let holders = database["snapshots"].as_array().expect("holders");
    let holder = holders.iter().find(|holder| holder["pid"] == pid).unwrap_or_else(|| panic!("{told}"));
    for hidden in ["state", "since", "age_seconds"] {
        assert_eq!(holder[hidden], Value::Null, "{hidden}");
    }
    let user = database["user"].as_str().expect("a name");
    assert!(user.starts_with("limited_"), "{user}");
    let warning = message(&told, "limited_view");
    assert!(warning.contains(&format!("grant pg_monitor to \"{user}\"")), "{warning}");
    // What it cannot see is unknown to doctor too, and not well.
    let doctor = async || {
        let asked = ["doctor", "--url", &format!("http://{}", server.address)].map(str::to_owned);
        crate::cli::program::run_beside(asked.to_vec()).await
    };
    let ended = doctor().await;
    let of_snapshots = |text: &str| text.lines().find(|line| line.contains(" snapshots ")).map(str::to_owned);
    let line = of_snapshots(&ended.stdout).unwrap_or_default();
    // The code is 3 since this cluster is not durable.
    assert!(ended.code == Some(3) && line.starts_with("unknown "), "{ended:?}");
    let warnings = ended.stdout.lines().filter(|line| line.starts_with("warning "));
    assert!(warnings.clone().count() == 3 && warnings.clone().all(|line| line.contains(" durability ")), "{ended:?}");
    assert!(ended.stdout.contains("unknown  limited view "), "{ended:?}");
    assert!(line.contains(&format!("grant pg_monitor to \"{user}\"")), "{line}");
    assert_eq!(database["partitions"][0]["days_ahead"], 7);
    assert!(database["tables"][0]["live_rows"].is_u64(), "{told}");

    // With the grant it sees all.
    lab.sql(&format!("grant pg_monitor to {user}")).await;
    let told = lab.get(&path).await.expect(200).body;
    assert!(!codes(&told).contains(&"limited_view"), "{told}");
    let line = of_snapshots(&doctor().await.stdout).unwrap_or_default();
    assert!(line.starts_with("ok "), "{line}");
    let holders = told["database"]["snapshots"].as_array().expect("holders").clone();
    assert!(holders.iter().any(|holder| holder["pid"] == pid && holder["since"].is_string()), "{told}");

    drop(report);
    server.stop().await.expect("the server stops in order");
    lab.sql(&format!("drop owned by {user}")).await;
    lab.sql(&format!("drop role {user}")).await;
}
