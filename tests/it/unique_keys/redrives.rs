//! Dead letters with unique keys: they hold none, and come back only where theirs is free.

use serde_json::{Value, json};

use super::{EVENTS, assert_held_by, body, count};
use crate::support::Lab;

/// An event with this key that has become a dead letter.
async fn dead_letter(lab: &Lab, engine: &str, key: &str) -> String {
    let event_id = lab.enqueue("dialogue", json!({"unique_key": key})).await;
    let leased = lab.lease_one("dialogue", engine).await;
    assert_eq!(leased["event_id"], event_id.as_str());
    lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
    event_id
}

#[tokio::test]
async fn one_whose_key_is_held_is_refused_and_one_that_comes_back_holds_it() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let dead = dead_letter(&lab, &engine, "k").await;
    let redrive = format!("/api/v1/dead-letters/{dead}/redrive");
    let holder = lab.enqueue("dialogue", json!({"unique_key": "k"})).await;
    for overrides in [json!({}), json!({"payload": 2})] {
        let refused = lab.post(&redrive, &overrides).await.problem(409, "unique_key_held");
        assert_eq!(refused.body["event_id"], holder.as_str());
    }
    assert_eq!(lab.event(&dead).await["status"], "failed");

    lab.post(&format!("{EVENTS}/{holder}/cancel"), &json!({})).await.expect(200);
    lab.post(&redrive, &json!({})).await.expect(200);
    assert_held_by(lab.post(EVENTS, &body("k", json!({}))).await, &dead);
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    lab.post(EVENTS, &body("k", json!({}))).await.expect(201);
}

#[tokio::test]
async fn with_another_payload_the_new_event_takes_the_key() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let dead = dead_letter(&lab, &engine, "k").await;
    let made = lab.post(&format!("/api/v1/dead-letters/{dead}/redrive"), &json!({"payload": 2})).await.expect(201);
    assert_eq!((&made.body["unique_key"], &made.body["redriven_from"]), (&json!("k"), &json!(dead)));
    assert_held_by(lab.post(EVENTS, &body("k", json!({}))).await, &made.text("event_id"));
}

#[tokio::test]
async fn one_whose_history_was_dropped_comes_back_with_its_key() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let dead = dead_letter(&lab, &engine, "k").await;
    lab.sql("delete from eventlease.event_attempts").await;
    lab.sql("delete from eventlease.events").await;
    assert_eq!(lab.event(&dead).await["unique_key"], "k");
    lab.post(&format!("/api/v1/dead-letters/{dead}/redrive"), &json!({})).await.expect(200);
    assert_held_by(lab.post(EVENTS, &body("k", json!({}))).await, &dead);
    assert_eq!(lab.event(&dead).await["unique_key"], "k");
}

#[tokio::test]
async fn in_bulk_the_oldest_of_a_key_comes_back_and_the_others_are_counted() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let mut dead = Vec::new();
    for key in ["held", "twice", "twice", "free"] {
        dead.push(dead_letter(&lab, &engine, key).await);
    }
    let plain = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
    lab.enqueue("dialogue", json!({"unique_key": "held"})).await;

    let reply = lab.post("/api/v1/dead-letters/redrive", &json!({"all": true})).await.expect(200);
    let counts = |body: &Value| {
        let [matched, redriven, remaining] = ["matched", "redriven", "remaining"].map(|name| body[name].clone());
        [matched, redriven, body["skipped"]["unique_key_held"].clone(), remaining]
    };
    assert_eq!(counts(&reply.body), [json!(5), json!(3), json!(2), json!(2)]);
    assert_eq!(reply.body["event_ids"], json!([dead[1], dead[3], plain]));
    assert_eq!((lab.event(&dead[0]).await["status"].clone(), count(&lab, "dead_letters").await), (json!("failed"), 2));
    let again = lab.post("/api/v1/dead-letters/redrive", &json!({"all": true})).await.expect(200);
    assert_eq!(counts(&again.body), [json!(2), json!(0), json!(2), json!(2)]);
}
