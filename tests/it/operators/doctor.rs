//! `doctor`: a line per check, and an exit code.

use serde_json::{Value, json};
use sqlx::ConnectOptions;

use super::stranger::Stranger;
use super::{HOSTILE, ask, ask_at, assert_harmless};
use crate::cli::program::{Ended, run_beside};
use crate::support::{Lab, cluster};

/// How a check stands, and what is said of it.
#[track_caller]
fn line<'a>(ended: &'a Ended, check: &str) -> (&'a str, &'a str) {
    let lines = ended.stdout.lines().filter_map(|line| {
        let (standing, rest) = line.split_once(' ')?;
        let (name, message) = rest.trim_start().split_once("  ")?;
        Some((name, standing, message.trim_start()))
    });
    let found = lines.into_iter().find(|(name, ..)| *name == check);
    let (_, standing, message) = found.unwrap_or_else(|| panic!("no {check}: {ended:?}"));
    (standing, message)
}

async fn examine(database_url: &str) -> Ended {
    run_beside(["doctor", "--database-url", database_url].map(str::to_owned).to_vec()).await
}

/// The tests' cluster is not durable, which is all that is to be warned of.
#[track_caller]
fn assert_well(ended: &Ended) {
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    for check in ["postgresql", "migrations", "partitions", "standbys", "snapshots", "vacuum", "clocks"] {
        assert_eq!(line(ended, check).0, "ok", "{check}: {ended:?}");
    }
    let warnings: Vec<&str> = ended.stdout.lines().filter(|line| !line.starts_with("ok ")).collect();
    assert_eq!(warnings.len(), 3, "{ended:?}");
    assert!(warnings.iter().all(|line| line.starts_with("warning  durability ")), "{ended:?}");
    assert!(line(ended, "durability").1.contains("set fsync = on"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_well_is_told_so() {
    let lab = Lab::start().await;
    lab.wait_for("the listener", async || (lab.metric("eventlease_listener_connected").await > 0.5).then_some(()))
        .await;
    let ended = ask(&lab, "doctor").await;
    assert_well(&ended);
    for check in ["server", "readiness", "own clock", "connections", "listener"] {
        assert_eq!(line(&ended, check).0, "ok", "{check}: {ended:?}");
    }
    let told = line(&ended, "server").1;
    assert!(told.starts_with(concat!("eventlease ", env!("CARGO_PKG_VERSION"), " at http://")), "{told}");
    assert!(told.ends_with(" ms"), "{told}");
    assert_eq!(line(&ended, "partitions").1, "made ahead: events 7 days, event_attempts 7 days");

    let json = ask(&lab, "doctor --json").await;
    let json: Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!((&json["checks"][0]["check"], &json["checks"][0]["standing"]), (&json!("server"), &json!("ok")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_examined_without_a_server() {
    let lab = Lab::start().await;
    let mut url = lab.db.connect_options().to_url_lossy();
    url.query_pairs_mut().append_pair("password", "hush-hush");
    let ended = examine(url.as_str()).await;
    assert_well(&ended);
    assert_eq!(line(&ended, "database").0, "ok");
    assert!(line(&ended, "clocks").1.starts_with("this machine's"), "{ended:?}");
    assert!(!ended.stdout.contains("listener") && !ended.stdout.contains("hush-hush"), "{ended:?}");

    // One that no version has migrated yet, and one that is not there.
    let empty = examine(&cluster::admin_url()).await;
    assert_eq!(empty.code, Some(1), "{empty:?}");
    let (standing, message) = line(&empty, "migrations");
    assert!(standing == "failed" && message.contains("run: eventlease migrate"), "{empty:?}");
    let gone = examine("postgres://nobody:hush-hush@127.0.0.1:1/nothing").await;
    assert_eq!((gone.code, line(&gone, "database").0), (Some(1), "failed"));
    assert!(gone.stdout.contains("Connection refused") && !gone.stdout.contains("hush-hush"), "{gone:?}");
    let unset = run_beside(["doctor", "--database-url"].map(str::to_owned).to_vec()).await;
    assert_eq!(unset.code, Some(2), "{unset:?}");
    assert!(unset.stderr.contains("DATABASE_URL is not set"), "{unset:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stops_the_queue_is_a_failure() {
    let lab = Lab::start().await;
    lab.sql("delete from eventlease.migrations where version = 1").await;
    let ended = ask(&lab, "doctor").await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(line(&ended, "server").0, "ok");
    let (standing, message) = line(&ended, "migrations");
    assert!(standing == "failed" && message.contains("eventlease migrate"), "{ended:?}");

    // Whoever may not read the version is not told any.
    let healthy = [("/healthz", 200, "{}".to_owned()), ("/readyz", 200, "{}".to_owned())];
    let ended = ask_at(&Stranger::start(&healthy).await.url, "doctor").await;
    let (standing, message) = line(&ended, "server");
    assert!(standing == "ok" && message.starts_with("eventlease at ") && message.ends_with(" ms"), "{ended:?}");

    let unreachable = ask_at("http://127.0.0.1:1", "doctor").await;
    assert_eq!((unreachable.code, line(&unreachable, "server").0), (Some(1), "failed"));
    let (_, message) = line(&unreachable, "server");
    assert!(message.contains("cannot be reached") && message.contains("doctor --database-url"), "{message}");
}

/// What only a newer server warns of is told, and a clock that is far off.
#[tokio::test(flavor = "multi_thread")]
async fn a_newer_server_and_a_clock_far_off_are_told() {
    let health = json!({
        "warnings": [{"code": "something_new", "message": HOSTILE}],
        "database": {
            "server_version": "19.1", "user": "queue", "sees_other_users": true, "snapshots": [{"age_seconds": 7.2, "more": 1}], "tables": [],
            "partitions": [], "durability": {"synchronous_commit": "on", "standbys": [{"sync_state": "sync"}]}
        },
        "replica": {
            "version": "9.9.9",
            "pool": {"size": 4, "idle": 1, "max": 10}, "listener": {"interruptions": 2},
            "clock": {"replica_time": "2020-01-01T00:00:00Z", "difference_ms": 12}
        }
    });
    let healthy = json!({"status": "ok"}).to_string();
    let replies = [
        ("/healthz", 200, healthy.clone()),
        ("/readyz", 200, healthy),
        ("/api/v1/health/database", 200, health.to_string()),
    ];
    let ended = ask_at(&Stranger::start(&replies).await.url, "doctor").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_harmless(&ended.stdout);
    let told = line(&ended, "server").1;
    assert!(told.starts_with("eventlease 9.9.9 at ") && told.contains("this program is"), "{told}");
    let (standing, message) = line(&ended, "own clock");
    assert!(standing == "warning" && message.contains("days ahead of the server's"), "{ended:?}");
    assert_eq!(line(&ended, "something new").0, "warning");
    assert_eq!(line(&ended, "snapshots"), ("ok", "the oldest one is of 7 s ago"));
    assert_eq!(line(&ended, "standbys"), ("ok", "commits wait for one of 1"));
    assert_eq!(line(&ended, "connections"), ("ok", "3 of 10 in use"));
}
