//! Many who want one key, on two replicas and over SQL, while its events come and go.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use super::{EVENTS, body};
use crate::support::{Lab, Reply};

const PRODUCERS: usize = 50;
/// Of each producer.
const EVENTS_EACH: usize = 8;
/// One key for most, and some that each batch has in another order.
const KEYS: [&str; 3] = ["hot", "warm", "cold"];

/// The most open events that one key has.
async fn most_with_one_key(db: &PgPool) -> i64 {
    sqlx::query_scalar(
        "select coalesce(max(count), 0) from (
            select count(*) from eventlease.open_events where unique_key is not null group by engine_type, unique_key
         ) counted",
    )
    .fetch_one(db)
    .await
    .expect("a count")
}

/// Enqueues in one of four ways, again and again. Answers the events that were new.
async fn produce(lab: Arc<Lab>, base: String, number: usize) -> Vec<String> {
    let mut new = Vec::new();
    for n in 0..EVENTS_EACH {
        let key = KEYS[usize::from(n % 4 == 3)];
        match number % 3 {
            0 => {
                let request = lab.request("POST", &format!("{base}{EVENTS}")).json(&body(key, json!({"payload": n})));
                let reply = Reply::of(request).await;
                assert!(matches!(reply.status, 200 | 201), "{reply:?}");
                assert_eq!(reply.status == 200, reply.body["duplicate"] == true);
                if reply.status == 201 {
                    new.push(reply.text("event_id"));
                }
            }
            1 => {
                let keys = if number.is_multiple_of(2) { KEYS } else { ["cold", "warm", "hot"] };
                let events = keys.map(|key| body(key, json!({"payload": n})));
                let batch = json!({"events": events, "atomic": number % 4 == 1});
                let request = lab.request("POST", &format!("{base}{EVENTS}/batch")).json(&batch);
                let reply = Reply::of(request).await.expect(201);
                for result in reply.body["results"].as_array().expect("results") {
                    if result["outcome"] == "enqueued" {
                        new.push(result["event_id"].as_str().expect("an id").to_owned());
                    }
                }
            }
            _ => {
                let event_id: Uuid =
                    sqlx::query_scalar("select eventlease.enqueue('dialogue', 'e', '1', unique_key => $1)")
                        .bind(key)
                        .fetch_one(&lab.db)
                        .await
                        .expect("an event");
                new.push(event_id.to_string());
            }
        }
    }
    new
}

#[tokio::test]
async fn fifty_producers_never_get_two_open_events_of_one_key() {
    let mut lab = Lab::start().await;
    let replica = lab.start_replica(&[]).await;
    let engine = lab
        .register(
            "dialogue",
            json!({"metadata": {"static_config": {"resource_limits": {"max_concurrent_events": 10}}}}),
        )
        .await;
    let lab = Arc::new(lab);
    let producers: Vec<_> = (0..PRODUCERS)
        .map(|number| {
            let base = if number.is_multiple_of(2) { lab.url.clone() } else { replica.clone() };
            tokio::spawn(produce(Arc::clone(&lab), base, number))
        })
        .collect();
    let is_done = Arc::new(AtomicBool::new(false));
    // Holders end in each way, by turns.
    let settler = tokio::spawn({
        let (lab, engine, is_done) = (Arc::clone(&lab), engine.clone(), Arc::clone(&is_done));
        async move {
            let mut ended = HashSet::new();
            let mut turn = 0;
            loop {
                let is_last = is_done.load(Ordering::Acquire);
                assert!(most_with_one_key(&lab.db).await <= 1, "two open events have one key");
                let reply = lab.poll("dialogue", &engine, "limit=3").await.expect(200);
                let events = reply.body["events"].as_array().expect("events").clone();
                if events.is_empty() && is_last {
                    return ended;
                }
                for event in events {
                    turn += 1;
                    let event_id = event["event_id"].as_str().expect("an id").to_owned();
                    let reply = match turn % 4 {
                        0 => lab.settle(&event, "failed", json!({"retryable": false})).await,
                        1 => {
                            lab.post(&format!("{EVENTS}/{event_id}/cancel"), &json!({})).await.expect(202);
                            lab.settle(&event, "queued", json!({})).await
                        }
                        _ => lab.settle(&event, "completed", json!({})).await,
                    };
                    reply.expect(200);
                    assert!(ended.insert(event_id), "an event ended twice");
                }
            }
        }
    });
    let mut taken = HashSet::new();
    for producer in producers {
        taken.extend(producer.await.expect("it produces"));
    }
    is_done.store(true, Ordering::Release);
    let ended = settler.await.expect("it settles");
    // SQL answers ids of known events too; each was somebody's new one.
    assert_eq!(taken, ended);
    assert!(ended.len() >= KEYS.len(), "{}", ended.len());
    // Dropping the lab looks for keys without events, and events without keys.
    Arc::into_inner(lab).expect("nobody else has it");
}
