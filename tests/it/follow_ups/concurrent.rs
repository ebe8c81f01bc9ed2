//! Many completions with follow-ups at once, on two replicas, and the order of their locks.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{completion, count_events, first_enqueued, follow_up};
use crate::support::{Holder, Lab, Reply};

pub async fn lease_many(lab: &Lab, engine: &str, count: usize) -> Vec<Value> {
    let mut held = Vec::new();
    while held.len() < count {
        let reply = lab.poll("dialogue", engine, "limit=100").await.expect(200);
        held.extend(reply.body["events"].as_array().expect("events").clone());
    }
    held
}

async fn enqueue_many(lab: &Lab, count: usize) {
    let events = vec![json!({"engine_type": "dialogue", "event_type": "e", "payload": 1}); count];
    lab.post("/api/v1/events/batch", &json!({"events": events})).await.expect(201);
}

pub fn settle_at(lab: &Lab, base: &str, leased: &Value, enqueue: &Value) -> reqwest::RequestBuilder {
    let path = format!("{base}/api/v1/events/{}/status", leased["event_id"].as_str().expect("an event"));
    let body = completion(leased, enqueue);
    let body: Value = body
        .as_object()
        .expect("an object")
        .iter()
        .filter(|(name, _)| *name != "event_id")
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect::<serde_json::Map<_, _>>()
        .into();
    lab.request("PUT", &path).json(&body)
}

#[tokio::test]
async fn the_same_settlement_twice_at_once_on_two_replicas_enqueues_once() {
    let mut lab = Lab::start().await;
    let replica = lab.start_replica(&[]).await;
    let engine = lab.register("dialogue", json!({})).await;
    enqueue_many(&lab, 20).await;
    let held = lease_many(&lab, &engine, 20).await;
    let mut calls = Vec::new();
    for leased in &held {
        for base in [&lab.url, &replica] {
            let enqueue = json!([follow_up(json!({})), follow_up(json!({"idempotency_key": leased["event_id"]}))]);
            calls.push(tokio::spawn(Reply::of(settle_at(&lab, base, leased, &enqueue))));
        }
    }
    let mut replies = Vec::new();
    for call in calls {
        replies.push(call.await.expect("a reply").expect(200).body);
    }
    for pair in replies.chunks(2) {
        assert_eq!(pair[0], pair[1]);
        assert_eq!(pair[0]["enqueued"].as_array().map(Vec::len), Some(2));
    }
    assert_eq!(count_events(&lab, "speech").await, 40);
}

#[tokio::test]
async fn two_hundred_completions_at_once_share_keys_and_enqueue_each_once() {
    let mut lab = Lab::start().await;
    let replica = lab.start_replica(&[]).await;
    let engine = lab.register("dialogue", json!({})).await;
    enqueue_many(&lab, 200).await;
    let held = lease_many(&lab, &engine, 200).await;
    // Each enqueues one of its own, and one of ten that they have in common; the keys are claimed in many orders.
    let calls: Vec<_> = held
        .iter()
        .enumerate()
        .map(|(n, leased)| {
            let key = |n: usize| follow_up(json!({"idempotency_key": format!("join-{}", n % 10)}));
            let unique = follow_up(json!({"engine_type": "song", "unique_key": format!("u-{}", n % 7)}));
            let enqueue = json!([follow_up(json!({})), key(n), key(n / 10), unique]);
            let base = if n % 2 == 0 { &lab.url } else { &replica };
            tokio::spawn(Reply::of(settle_at(&lab, base, leased, &enqueue)))
        })
        .collect();
    let (mut joins, mut songs) = (HashSet::new(), HashSet::new());
    for call in calls {
        let reply = call.await.expect("a reply").expect(200);
        let enqueued = reply.texts("enqueued", "event_id");
        assert_eq!(enqueued.len(), 4);
        joins.extend([enqueued[1].clone(), enqueued[2].clone()]);
        songs.insert(enqueued[3].clone());
    }
    assert_eq!((joins.len(), songs.len()), (10, 7));
    assert_eq!((count_events(&lab, "speech").await, count_events(&lab, "song").await), (210, 7));
    let keys: i64 = sqlx::query_scalar("select count(*) from eventlease.idempotency_keys")
        .fetch_one(&lab.db)
        .await
        .expect("a count");
    assert_eq!(keys, 10);
}

/// Heartbeat: engine, then lease. Follow-up: what it waits for, then lease. Registration: engine, then leases. So somebody who
/// holds what a follow-up waits for, and waits for the engine, must find that no follow-up holds a lease meanwhile.
async fn assert_holds_no_lease_while_it_waits(awaited: &str, event: Value, enqueue: Value) {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", event).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let mut somebody = Holder::of(&lab.db, awaited).await;
    let call = tokio::spawn(Reply::of(settle_at(&lab, &lab.url, &leased, &json!([enqueue]))));
    somebody.wait_for_statements_behind(&lab.db, 1).await;
    // The heartbeat locks the engine and renews the lease, while the completion waits.
    let lease = json!({"event_id": event_id, "lease_token": leased["lease"]["lease_token"]});
    let beat = lab.heartbeat(&engine, json!({"leases": [lease]})).await.expect(200);
    assert_eq!(beat.body["leases"][0]["outcome"], "renewed");
    // And whoever holds what it waits for gets the engine, and the lease.
    somebody.lock(&format!("select from eventlease.engine_states where engine_id = '{engine}' for update")).await;
    somebody.lock(&format!("select from eventlease.event_leases where event_id = '{event_id}' for update")).await;
    assert!(!call.is_finished());
    somebody.release().await;
    first_enqueued(&call.await.expect("a reply").expect(200).body);
}

#[tokio::test]
async fn a_completion_that_waits_for_a_key_holds_no_lease_meanwhile() {
    let key = "insert into eventlease.idempotency_keys
            (engine_type, idempotency_key, enqueued_by, event_id, body_sha256, expires_at)
        values ('speech', 'k', 'engine:dialogue', gen_random_uuid(), '', statement_timestamp() + interval '1 hour')";
    assert_holds_no_lease_while_it_waits(key, json!({}), follow_up(json!({"idempotency_key": "k"}))).await;
}

#[tokio::test]
async fn a_completion_that_waits_for_a_unique_key_holds_no_lease_meanwhile() {
    let key = "insert into eventlease.open_keys (engine_type, unique_key, event_id) values ('speech', 'k', gen_random_uuid())";
    assert_holds_no_lease_while_it_waits(key, json!({}), follow_up(json!({"unique_key": "k"}))).await;
}

#[tokio::test]
async fn a_completion_that_waits_for_a_run_holds_no_lease_meanwhile() {
    let run = "select eventlease.lock_run_alone('run-1')";
    assert_holds_no_lease_while_it_waits(run, json!({"scenario_run_id": "run-1"}), follow_up(json!({}))).await;
}
