//! `GET /events/{event_id}?wait_seconds=`: parked until the event has ended.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{Lab, Reply, unknown_id};

/// So rarely that only a wake-up can have ended a short wait.
const RARE_RECHECK: [&str; 2] = ["--recheck-interval-ms", "5000"];

fn start_wait(lab: &Lab, event_id: &str) -> JoinHandle<Reply> {
    let path = format!("/api/v1/events/{event_id}?wait_seconds=30&include=payload");
    tokio::spawn(Reply::of(lab.request("GET", &path)))
}

async fn wait_for_waits(lab: &Lab, count: u32) {
    lab.wait_for(&format!("{count} parked waits"), async || {
        let parked = lab.metric("eventlease_event_waits_parked").await;
        ((parked - f64::from(count)).abs() < f64::EPSILON).then_some(())
    })
    .await;
}

async fn status(wait: JoinHandle<Reply>) -> Value {
    wait.await.expect("a reply").expect(200).body["status"].clone()
}

#[tokio::test]
async fn every_way_to_end_wakes_all_that_wait() {
    let lab = Lab::start_with(&RARE_RECHECK).await;
    let engine = lab.register("dialogue", json!({})).await;
    let started = Instant::now();

    let completed = lab.enqueue("dialogue", json!({})).await;
    let waits = [start_wait(&lab, &completed), start_wait(&lab, &completed)];
    wait_for_waits(&lab, 2).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "completed", json!({"result": 7})).await.expect(200);
    for wait in waits {
        let reply = wait.await.expect("a reply").expect(200);
        assert_eq!((&reply.body["status"], &reply.body["result"]), (&json!("completed"), &json!(7)));
        assert_eq!(reply.body["payload"], json!({"n": 1}));
    }

    let failed = lab.enqueue("dialogue", json!({"retry_policy": {"dead_letter_threshold": 1}})).await;
    let wait = start_wait(&lab, &failed);
    wait_for_waits(&lab, 1).await;
    lab.lease_one("dialogue", &engine).await;
    lab.expire(&failed).await;
    assert_eq!(status(wait).await, "failed");

    let cancelled = lab.enqueue("dialogue", json!({})).await;
    let wait = start_wait(&lab, &cancelled);
    wait_for_waits(&lab, 1).await;
    lab.post(&format!("/api/v1/events/{cancelled}/cancel"), &json!({})).await.expect(200);
    assert_eq!(status(wait).await, "cancelled");
    assert!(started.elapsed() < Duration::from_secs(12), "they were found, not rung for");
}

#[tokio::test]
async fn a_retry_is_no_end() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let wait = start_wait(&lab, &event_id);
    wait_for_waits(&lab, 1).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "failed", json!({"delay_seconds": 0})).await.expect(200);
    let leased = lab.lease_one("dialogue", &engine).await;
    assert!(!wait.is_finished());
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    assert_eq!(status(wait).await, "completed");
}

#[tokio::test]
async fn an_end_on_another_replica_is_found() {
    let mut lab = Lab::start().await;
    let replica = lab.start_replica(&[]).await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let wait = start_wait(&lab, &event_id);
    wait_for_waits(&lab, 1).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let body = json!({"status": "completed", "lease_token": leased["lease"]["lease_token"]});
    lab.put(&format!("{replica}/api/v1/events/{event_id}/status"), &body).await.expect(200);
    assert_eq!(status(wait).await, "completed");
}

#[tokio::test]
async fn the_answer_comes_at_once_where_nothing_is_to_be_waited_for() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let started = Instant::now();
    for query in ["", "?wait_seconds=0"] {
        assert_eq!(lab.get(&format!("/api/v1/events/{event_id}{query}")).await.expect(200).body["status"], "queued");
    }
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    assert_eq!(status(start_wait(&lab, &event_id)).await, "completed");
    let path = format!("/api/v1/events/{}?wait_seconds=30", unknown_id());
    lab.get(&path).await.problem(404, "event_not_found");
    for wrong in ["31", "-1", "x", "1.5"] {
        let reply = lab.get(&format!("/api/v1/events/{event_id}?wait_seconds={wrong}")).await;
        assert_eq!(reply.problem(422, "invalid_input").places(), ["wait_seconds"]);
    }
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn after_the_wait_it_is_told_how_the_event_stands() {
    let lab = Lab::start().await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let started = Instant::now();
    let reply = lab.get(&format!("/api/v1/events/{event_id}?wait_seconds=1")).await.expect(200);
    assert_eq!(reply.body["status"], "queued");
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_server_that_stops_answers_first_and_who_hangs_up_is_forgotten() {
    let mut lab = Lab::start().await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let (gone, waiting) = (start_wait(&lab, &event_id), start_wait(&lab, &event_id));
    wait_for_waits(&lab, 2).await;
    gone.abort();
    wait_for_waits(&lab, 1).await;
    let started = Instant::now();
    lab.stop().await;
    assert_eq!(status(waiting).await, "queued");
    assert!(started.elapsed() < Duration::from_secs(20));
}
