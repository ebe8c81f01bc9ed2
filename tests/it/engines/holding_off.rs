//! Engines that ask for no events for a while.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::read;
use crate::support::{Lab, Reply};

/// A time by the database's clock, so many seconds from now.
async fn in_seconds(lab: &Lab, seconds: i32) -> String {
    let statement = "select to_char((statement_timestamp() + make_interval(secs => $1)) at time zone 'UTC',
        'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";
    sqlx::query_scalar(statement).bind(f64::from(seconds)).fetch_one(&lab.db).await.expect("a time")
}

async fn hold_off(lab: &Lab, engine: &str, seconds: i32) -> String {
    let until = in_seconds(lab, seconds).await;
    let said = json!({"holding_off": {"until": until, "reason": "the provider answers 429"}});
    lab.heartbeat(engine, said).await.expect(200);
    until
}

#[tokio::test]
async fn an_engine_that_holds_off_is_given_nothing_until_then_and_keeps_what_it_has() {
    let lab = Lab::start().await;
    let (engine, other) = (lab.register("dialogue", json!({})).await, lab.register("dialogue", json!({})).await);
    lab.enqueue("dialogue", json!({})).await;
    let held = lab.lease_one("dialogue", &engine).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let until = hold_off(&lab, &engine, 600).await;
    let shown = read(&lab, &engine).await;
    assert_eq!(shown["holding_off"], json!({"until": until, "reason": "the provider answers 429"}));
    assert_eq!(shown["status"], "active");

    let refused = lab.poll("dialogue", &engine, "wait_seconds=1").await.expect(200).body;
    assert_eq!((&refused["events"], &refused["notice"]["code"]), (&json!([]), &json!("engine_holding_off")));
    assert_eq!(refused["notice"]["until"], json!(until));
    assert_eq!(refused["notice"]["reason"], "the provider answers 429");
    let seconds = refused["notice"]["retry_after_seconds"].as_u64().expect("a number");
    assert!((500..=600).contains(&seconds), "{refused}");
    // Heartbeats that say nothing of it leave it as it is.
    lab.heartbeat(&engine, json!({"current_workload": 1})).await.expect(200);
    assert_eq!(read(&lab, &engine).await["holding_off"]["until"], json!(until));
    lab.settle(&held, "completed", json!({})).await.expect(200);
    assert_eq!(lab.lease_one("dialogue", &other).await["event_id"], json!(event_id));

    lab.enqueue("dialogue", json!({})).await;
    lab.heartbeat(&engine, json!({"holding_off": null})).await.expect(200);
    assert_eq!(read(&lab, &engine).await["holding_off"], Value::Null);
    lab.lease_one("dialogue", &engine).await;
}

#[tokio::test]
async fn what_is_past_is_no_holding_off_and_what_is_more_than_a_day_away_is_refused() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    hold_off(&lab, &engine, 600).await;
    hold_off(&lab, &engine, -5).await;
    assert_eq!(read(&lab, &engine).await["holding_off"], Value::Null);
    lab.lease_one("dialogue", &engine).await;

    let too_far =
        json!({"holding_off": {"until": in_seconds(&lab, 90_000).await, "reason": "x"}, "current_workload": 7});
    let refused = lab.heartbeat(&engine, too_far).await.problem(422, "invalid_input");
    assert_eq!(refused.places(), ["/holding_off/until"]);
    let shown = read(&lab, &engine).await;
    assert_eq!((&shown["holding_off"], &shown["current_workload"]), (&Value::Null, &Value::Null));
    hold_off(&lab, &engine, 86_300).await;
    // Who registers again holds off no longer.
    lab.post("/api/v1/engines", &json!({"engine_id": engine, "engine_type": "dialogue"})).await.expect(200);
    assert_eq!(read(&lab, &engine).await["holding_off"], Value::Null);
}

/// Without a wake-up it would be the next recheck that serves the poll, 3.75 s after the last one at the earliest. So rounds that
/// together stay below their number times that were ended by wake-ups.
#[tokio::test]
async fn a_poll_that_waits_is_served_when_holding_off_ends() {
    let lab = Lab::start_with(&["--recheck-interval-ms", "5000"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    let started = Instant::now();
    for round in 0..8 {
        let ends_by_itself = round % 2 == 0;
        let event_id = lab.enqueue("dialogue", json!({})).await;
        hold_off(&lab, &engine, if ends_by_itself { 1 } else { 600 }).await;
        let request = lab.request("GET", "/api/v1/events/queue/dialogue?wait_seconds=30&limit=1");
        let poll = tokio::spawn(Reply::of(request.header("x-engine-id", &engine)));
        if !ends_by_itself {
            lab.wait_for_parked_polls(1).await;
            lab.heartbeat(&engine, json!({"holding_off": null})).await.expect(200);
        }
        let reply = poll.await.expect("a reply").expect(200);
        assert_eq!(reply.body["events"][0]["event_id"], json!(event_id), "{reply:?}");
    }
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn an_engine_that_holds_off_counts_neither_as_active_nor_as_slots() {
    let lab = Lab::start().await;
    let config =
        json!({"static_config": {"resource_limits": {"max_concurrent_events": 4}, "engine_software_version": "1.0"}});
    let engine = lab.register("dialogue", json!({"metadata": config})).await;
    lab.register("dialogue", json!({"metadata": config})).await;
    let counts = async || {
        let report = lab.get("/api/v1/queues/dialogue").await.expect(200).body;
        let count = |name: &str| report["engines"][name].as_i64().expect("a number");
        (
            count("active"),
            count("holding_off"),
            count("quarantined"),
            report["slots"]["total"].as_i64().expect("a number"),
        )
    };
    assert_eq!(counts().await, (2, 0, 0, 8));
    hold_off(&lab, &engine, 600).await;
    assert_eq!(counts().await, (1, 1, 0, 4));
    lab.broker().measure().await.expect("measured");
    for (status, engines) in [("active", 1.0), ("holding_off", 1.0), ("quarantined", 0.0)] {
        let name = format!("eventlease_engines{{engine_type=\"dialogue\",status=\"{status}\"}}");
        let shown = lab.metric(&name).await;
        assert!((shown - engines).abs() < f64::EPSILON, "{status}: {shown}");
    }
    // Both at once count as quarantined.
    let version = json!({"engine_software_version": "1.0", "reason": "slow"});
    lab.post("/api/v1/queues/dialogue/quarantines", &version).await.expect(200);
    assert_eq!(counts().await, (0, 0, 2, 0));
    lab.delete("/api/v1/queues/dialogue/quarantines?engine_software_version=1.0").await.expect(204);
    lab.heartbeat(&engine, json!({"holding_off": null})).await.expect(200);
    assert_eq!(counts().await, (2, 0, 0, 8));
}
