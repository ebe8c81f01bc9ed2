//! The database goes away and comes back.

use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs};

use eventlease::app::Server;
use private_postgres::{Durability, Options, PrivatePostgres};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use crate::support::{Caller, Reply, config, unknown_id};

/// A folder for a cluster, gone at the end of the test.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        Self(env::temp_dir().join(format!("eventlease-outage-{}", unknown_id())))
    }

    pub async fn start_cluster(&self) -> PrivatePostgres {
        let options = Options {
            durability: Durability::Off,
            settings: vec![("shared_buffers".to_owned(), "16MB".to_owned())],
            ..Options::new(&self.0)
        };
        let started = tokio::task::spawn_blocking(move || PrivatePostgres::start(&options)).await;
        started.expect("no panic").expect("the cluster starts")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

pub async fn stop(cluster: PrivatePostgres) {
    tokio::task::spawn_blocking(move || cluster.stop()).await.expect("no panic").expect("the cluster stops");
}

/// Gauges that every server reads from the database.
const READ_FROM_THE_DATABASE: [&str; 10] = [
    "eventlease_queue_due_events{",
    "eventlease_queue_delayed_events{",
    "eventlease_queue_in_flight_events{",
    "eventlease_queue_dead_letters{",
    "eventlease_queue_oldest_due_age_seconds{",
    "eventlease_queue_paused{",
    "eventlease_engines{",
    "eventlease_queues ",
    "eventlease_partitions_ahead_seconds ",
    "eventlease_database_oldest_snapshot_age_seconds ",
];

/// Longer than the gap that the service takes for an absence, and than the engine's timeout.
const OUTAGE: Duration = Duration::from_secs(6);

#[tokio::test]
async fn while_the_database_is_away_calls_are_answered_and_afterwards_nothing_and_nobody_is_lost() {
    let folder = Folder::new();
    let cluster = folder.start_cluster().await;
    let flags = ["--acquire-timeout-seconds", "1", "--recheck-interval-ms", "500"];
    let server = Server::start(&config(&cluster.url("postgres"), &flags)).await.expect("the server starts");
    let caller = Caller::of(&server);

    let registration = json!({"engine_type": "dialogue", "heartbeat_timeout_seconds": 3});
    let engine = caller.call("POST", "/api/v1/engines", registration.clone()).await.expect(201).text("engine_id");
    let heartbeat = format!("/api/v1/engines/{engine}/heartbeat");
    let event = json!({"engine_type": "dialogue", "event_type": "test.happened", "payload": {}});
    let held = caller.call("POST", "/api/v1/events", event.clone()).await.expect(201).text("event_id");
    let poll = format!("/api/v1/events/queue/dialogue?limit=1&engine_id={engine}");
    let leased = caller.call("GET", &poll, Value::Null).await.expect(200).body["events"][0].clone();
    let queued = caller.call("POST", "/api/v1/events", event.clone()).await.expect(201).text("event_id");
    let settlement = json!({"status": "completed", "lease_token": leased["lease"]["lease_token"]});
    let parked = caller.request("GET", "/api/v1/events/queue/vision?wait_seconds=30", &Value::Null);
    let parked = tokio::spawn(Reply::of(parked));
    let metrics = async || caller.call("GET", "/metrics", Value::Null).await.expect(200).raw;
    caller.wait_for_metric("eventlease_polls_parked 1").await;
    caller.call("POST", &heartbeat, json!({})).await.expect(200);
    server.broker.measure().await.expect("a round");
    let shown_before = metrics().await;

    stop(cluster).await;
    let down_since = Instant::now();
    let answer = parked.await.expect("an answer").problem(503, "database_unavailable");
    assert_eq!(answer.header("retry-after"), "1");
    let event_path = format!("/api/v1/events/{held}");
    let status_path = format!("{event_path}/status");
    for (method, path, body) in [
        ("POST", "/api/v1/engines", registration),
        ("POST", heartbeat.as_str(), json!({})),
        ("GET", "/api/v1/engines", Value::Null),
        ("POST", "/api/v1/events", event),
        ("GET", poll.as_str(), Value::Null),
        ("GET", event_path.as_str(), Value::Null),
        ("PUT", status_path.as_str(), settlement.clone()),
        ("GET", "/api/v1/dead-letters", Value::Null),
        ("GET", "/api/v1/health/database", Value::Null),
    ] {
        let answer = caller.call(method, path, body).await.problem(503, "database_unavailable");
        assert_eq!(answer.header("retry-after"), "1", "{method} {path}");
    }
    caller.call("GET", "/healthz", Value::Null).await.expect(200);
    assert!(metrics().await.contains("eventlease_polls_parked 0"));
    assert!(READ_FROM_THE_DATABASE.iter().all(|name| shown_before.contains(&format!("\n{name}"))), "{shown_before}");
    // The outage itself takes time; nothing is waited for.
    sleep_until(down_since + OUTAGE).await;
    let unready = caller.call("GET", "/readyz", Value::Null).await.problem(503, "database_unavailable");
    assert_eq!(unready.header("retry-after"), "1");
    let shown = metrics().await;
    assert!(shown.contains("\neventlease_database_up 0\n"), "{shown}");
    for name in READ_FROM_THE_DATABASE {
        assert!(!shown.contains(&format!("\n{name}")), "{name} is of before the outage:\n{shown}");
    }
    assert!(shown.contains("\neventlease_events_enqueued_total{engine_type=\"dialogue\"} 2\n"), "{shown}");

    let cluster = folder.start_cluster().await;
    caller.wait_for_status("/readyz", 200).await;
    assert!(metrics().await.contains("\neventlease_database_up 1\n"));
    server.broker.measure().await.expect("a round");
    let shown = metrics().await;
    assert!(READ_FROM_THE_DATABASE.iter().all(|name| shown.contains(&format!("\n{name}"))), "{shown}");
    for _ in 0..3 {
        let reaped = server.broker.reap().await.expect("a round");
        assert_eq!((reaped.engines_marked_unresponsive, reaped.leases_expired), (0, 0));
    }
    let engine = caller.call("GET", &format!("/api/v1/engines/{engine}"), Value::Null).await.expect(200).body;
    assert_eq!((&engine["status"], &engine["incarnation"]), (&json!("active"), &json!(1)));
    assert_eq!(caller.call("GET", &event_path, Value::Null).await.expect(200).body["status"], "processing");
    caller.call("PUT", &status_path, settlement).await.expect(200);
    let next = caller.call("GET", &poll, Value::Null).await.expect(200).body["events"][0].clone();
    assert_eq!((&next["event_id"], &next["attempt"]), (&json!(queued), &json!(1)));

    server.stop().await.expect("the server stops in order");
    stop(cluster).await;
}
