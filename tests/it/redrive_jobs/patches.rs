//! Payloads changed by a merge patch.

use serde_json::json;

use super::{JOBS, counts, create, read, wait_for_state, work};
use crate::dead_letters::make_dead_letter;
use crate::support::Lab;

/// Makes a dead letter with a payload as it is written.
async fn make_with_payload(lab: &Lab, payload: &str) -> String {
    let body = format!(r#"{{"engine_type": "dialogue", "event_type": "e", "payload": {payload}}}"#);
    let event_id = lab.send_raw("POST", "/api/v1/events", body).await.expect(201).text("event_id");
    let engine = lab.register("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
    event_id
}

#[tokio::test]
async fn a_patch_keeps_what_it_does_not_touch_byte_for_byte() {
    let lab = Lab::start().await;
    let letter =
        make_with_payload(&lab, r#"{"a": 12345678901234567890, "b": 1.10, "model": "x", "c": {"d": [ 1e3 ]}}"#).await;
    let body = r#"{"all": true, "payload_patch": {"model": "y", "c": {"e": 2.50}}}"#;
    let reply = lab.send_raw("POST", JOBS, body).await.expect(201);
    assert!(reply.raw.contains(r#""payload_patch":{"model": "y", "c": {"e": 2.50}}"#), "{}", reply.raw);
    let job_id = reply.body["job"]["job_id"].as_str().expect("an id").to_owned();
    let job = wait_for_state(&lab, &job_id, "watching").await;
    assert_eq!(counts(&job), [1, 1, 1, 0, 0, 0]);
    let dead = lab.get(&format!("/api/v1/dead-letters/{letter}")).await.expect(200).body;
    let new_id = dead["redriven_as"].as_str().expect("an event").to_owned();
    let payload: String = sqlx::query_scalar("select payload::text from eventlease.events where event_id = $1::uuid")
        .bind(&new_id)
        .fetch_one(&lab.db)
        .await
        .expect("a payload");
    assert_eq!(payload, r#"{"a":12345678901234567890,"b":1.10,"model":"y","c":{"d":[ 1e3 ],"e":2.50}}"#);
    assert_eq!(lab.event(&new_id).await["redriven_from"], json!(letter));
    work(&lab, "dialogue", 1, 10).await;
    assert_eq!(counts(&wait_for_state(&lab, &job_id, "finished").await), [1, 1, 0, 1, 0, 0]);
    // What was redriven as another event is redriven by no other job.
    let again = create(&lab, json!({"all": true})).await;
    assert_eq!(counts(&wait_for_state(&lab, &again, "finished").await), [0; 6]);
}

#[tokio::test]
async fn payloads_that_cannot_be_patched_are_skipped_and_counted() {
    let lab = Lab::start_with(&["--max-payload-bytes", "1000"]).await;
    for payload in ["[1]", "null", r#""text""#, "{}"] {
        make_with_payload(&lab, payload).await;
    }
    make_with_payload(&lab, &json!({"long": "x".repeat(980)}).to_string()).await;
    make_dead_letter(&lab, "vision", json!({"payload": {"a": 1}}), json!("no")).await;
    let job_id = create(&lab, json!({"all": true, "payload_patch": {"another": "member"}})).await;
    let job = wait_for_state(&lab, &job_id, "watching").await;
    assert_eq!(counts(&job), [6, 2, 2, 0, 0, 0]);
    assert_eq!(job["skipped"], json!({"run_cancelled": 0, "unique_key_held": 0, "payload_patch": 4}));
    assert_eq!(read(&lab, &job_id).await["payload_patch"], json!({"another": "member"}));
}

#[tokio::test]
async fn a_patched_event_gets_the_unique_key_of_its_dead_letter() {
    let lab = Lab::start().await;
    make_dead_letter(&lab, "dialogue", json!({"unique_key": "npc-1", "payload": {}}), json!("no")).await;
    make_dead_letter(&lab, "dialogue", json!({"unique_key": "npc-1", "payload": {}}), json!("no")).await;
    make_dead_letter(&lab, "dialogue", json!({"unique_key": "npc-2", "payload": {}}), json!("no")).await;
    let job_id = create(&lab, json!({"all": true, "payload_patch": {"a": 1}})).await;
    let job = wait_for_state(&lab, &job_id, "watching").await;
    assert_eq!(counts(&job), [3, 2, 2, 0, 0, 0]);
    assert_eq!(job["skipped"]["unique_key_held"], 1);
}
