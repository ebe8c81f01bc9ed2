//! `doctor`: a line per check, and an exit code.

use serde_json::{Value, json};
use sqlx::ConnectOptions;

use super::stranger::Stranger;
use super::{HOSTILE, ask, ask_at, assert_harmless, make_dead_letter};
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
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(3), ""), "{ended:?}");
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
    lab.wait_until_well().await;
    let ended = ask(&lab, "doctor").await;
    assert_well(&ended);
    for check in ["server", "readiness", "own clock", "connections", "listener", "queues", "engines", "dead letters"] {
        assert_eq!(line(&ended, check).0, "ok", "{check}: {ended:?}");
    }
    let told = line(&ended, "server").1;
    assert!(told.starts_with(concat!("eventlease ", env!("CARGO_PKG_VERSION"), " at http://")), "{told}");
    assert!(told.ends_with(" ms"), "{told}");
    assert_eq!(line(&ended, "partitions").1, "made ahead: events 7 days, event_attempts 7 days");

    let json = ask(&lab, "doctor --json").await;
    let json: Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!((&json["standing"], &json["exit_code"]), (&json!("warning"), &json!(3)));
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
        ("/api/v1/queues", 200, json!({"items": [], "next_cursor": null}).to_string()),
    ];
    let ended = ask_at(&Stranger::start(&replies).await.url, "doctor").await;
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert_harmless(&ended.stdout);
    let told = line(&ended, "server").1;
    assert!(told.starts_with("eventlease 9.9.9 at ") && told.contains("this program is"), "{told}");
    let (standing, message) = line(&ended, "own clock");
    assert!(standing == "warning" && message.contains(" ahead of the server's"), "{ended:?}");
    assert_eq!(line(&ended, "something new").0, "warning");
    assert_eq!(line(&ended, "snapshots"), ("ok", "the oldest one is of 7.2 s ago"));
    assert_eq!(line(&ended, "standbys"), ("ok", "commits wait for one of 1"));
    assert_eq!(line(&ended, "connections"), ("ok", "3 of 10 in use"));
}

/// Replies of a server on which all is well, but for its queues.
async fn with_queues(queues: (u16, Value)) -> Stranger {
    let health = json!({
        "warnings": [],
        "database": {
            "server_version": "17.2", "user": "queue", "sees_other_users": true, "snapshots": [], "partitions": [],
            "tables": [], "durability": {"synchronous_commit": "on", "standbys": []}
        },
    });
    let ok = json!({"status": "ok"}).to_string();
    let (status, queues) = queues;
    Stranger::start(&[
        ("/healthz", 200, ok.clone()),
        ("/readyz", 200, ok),
        ("/api/v1/health/database", 200, health.to_string()),
        ("/api/v1/queues", status, queues.to_string()),
    ])
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_server_on_which_all_is_well_is_0() {
    let none = with_queues((200, json!({"items": [], "next_cursor": null}))).await;
    let ended = ask_at(&none.url, "doctor").await;
    assert_eq!((ended.code, line(&ended, "queues")), (Some(0), ("ok", "0 queues; nothing is due")), "{ended:?}");

    let problem =
        json!({"title": "Not allowed", "status": 403, "detail": "the role admin may not", "code": "forbidden"});
    let forbidden = with_queues((403, problem)).await;
    let ended = ask_at(&forbidden.url, "doctor").await;
    assert_eq!((ended.code, line(&ended, "queues").0), (Some(0), "unknown"), "{ended:?}");
    let broken = with_queues((500, json!({}))).await;
    let ended = ask_at(&broken.url, "doctor").await;
    assert_eq!((ended.code, line(&ended, "queues").0), (Some(1), "failed"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_has_to_do_is_a_warning_with_the_command_to_type() {
    let lab = Lab::start().await;
    lab.wait_until_well().await;
    let engine = lab.register("dialogue", json!({})).await;
    let told = async |check: &str| {
        let ended = ask(&lab, "doctor").await;
        assert_eq!(ended.code, Some(3), "{ended:?}");
        let (standing, message) = line(&ended, check);
        (standing.to_owned(), message.to_owned())
    };

    // An engine that never polls. It has not been there for long yet.
    let event_id = lab.enqueue("dialogue", json!({})).await;
    lab.sql("update eventlease.event_queue set available_at = available_at - interval '40 seconds'").await;
    assert_eq!(told("engines").await.0, "ok");
    lab.sql("update eventlease.engine_states set registered_at = registered_at - interval '5 minutes'").await;
    let (standing, message) = told("engines").await;
    let never = format!("engine {engine} of dialogue registered 5 min ago and has never asked for work");
    assert!(standing == "warning" && message.starts_with(&never), "{message}");
    assert!(message.ends_with(&format!("eventlease engines {engine}")), "{message}");

    // An event that has been due for minutes, beside an active engine and without.
    assert_eq!(told("queues").await.0, "ok");
    lab.sql("update eventlease.event_queue set available_at = available_at - interval '260 seconds'").await;
    let (standing, message) = told("queues").await;
    let due = "1 event is due in dialogue, the oldest for 5 min";
    assert!(standing == "warning" && message.starts_with(due), "{message}");
    assert!(message.contains(", with 1 engine active; "), "{message}");
    lab.post(&format!("/api/v1/engines/{engine}/drain"), &json!({})).await.expect(200);
    let (standing, message) = told("queues").await;
    assert!(standing == "warning" && message.contains("no engine is active (1 draining, 0 unresponsive)"), "{message}");
    assert_eq!(told("engines").await, ("ok".to_owned(), "0 active, 1 draining, 0 unresponsive".to_owned()));
    lab.post(&format!("/api/v1/engines/{engine}/resume"), &json!({})).await.expect(200);

    // A pause that somebody forgot, and one that has an end.
    lab.post(&format!("/api/v1/events/{event_id}/cancel"), &json!({})).await.expect(200);
    lab.post("/api/v1/queues/dialogue/pause", &json!({"reason": "model"})).await.expect(200);
    assert_eq!(told("queues").await, ("ok".to_owned(), "1 queue, 1 of them paused; nothing is due".to_owned()));
    lab.sql("update eventlease.queues set paused_at = paused_at - interval '3 hours'").await;
    let (standing, message) = told("queues").await;
    assert!(
        standing == "warning" && message.ends_with("(\"model\"), without an end; to go on: eventlease resume dialogue"),
        "{message}"
    );
    lab.post("/api/v1/queues/dialogue/pause", &json!({"resume_after_seconds": 90_000})).await.expect(200);
    lab.sql("update eventlease.queues set paused_at = paused_at - interval '3 hours'").await;
    assert_eq!(told("queues").await.0, "ok");
    lab.post("/api/v1/queues/dialogue/resume", &json!({})).await.expect(200);

    // Dead letters, until somebody has done something.
    assert_eq!(told("dead letters").await, ("ok".to_owned(), "there are none".to_owned()));
    let dead = make_dead_letter(&lab, &engine, json!("broken")).await;
    let (standing, message) = told("dead letters").await;
    assert!(standing == "warning" && message.starts_with("1 (1 in dialogue), "), "{message}");
    assert!(message.ends_with("eventlease dead-letters redrive --engine-type dialogue"), "{message}");
    lab.post(&format!("/api/v1/dead-letters/{dead}/redrive"), &json!({"payload": 1})).await.expect(201);
    assert_eq!(told("dead letters").await, ("ok".to_owned(), "each was redriven as another event".to_owned()));
}
