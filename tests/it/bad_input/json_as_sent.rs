//! What is open JSON is kept byte for byte: numbers of any size, `\u0000`, order, spelling, white space.

use serde_json::json;

use super::text_in;
use crate::support::{Lab, Reply};

/// JSON that a parser would normalise, and that neither `jsonb` nor a text column could hold.
const ODD: &str = r#"{ "z" : 1,	"a":[1.50, -0, 1E400, 123456789012345678901234567890.000000000000000001],
  "nul": "\u0000", "pair": "\ud83d\ude00", "half": "\ud83d", "\u00fc\/": "ü/", "a": "again", "": {} }"#;

/// The same under another name, to tell the places apart.
fn odd(place: &str) -> String {
    format!(r#"{{"{place}":{ODD}}}"#)
}

#[track_caller]
fn assert_has(reply: &Reply, member: &str, json: &str) {
    assert!(reply.raw.contains(&format!("\"{member}\":{json}")), "{member} is not as sent: {}", reply.raw);
}

async fn enqueue(lab: &Lab, payload: &str) -> String {
    let body = format!(r#"{{"engine_type": "dialogue", "event_type": "asked", "payload": {payload}}}"#);
    lab.send_raw("POST", "/api/v1/events", body).await.expect(201).text("event_id")
}

/// Leases the event and answers the reply and the token.
async fn lease(lab: &Lab, engine: &str) -> (Reply, String) {
    let reply = lab.poll("dialogue", engine, "limit=1&wait_seconds=10").await.expect(200);
    let token = text_in(&reply.raw, "lease_token");
    (reply, token)
}

async fn report(lab: &Lab, event_id: &str, members: &str) -> Reply {
    lab.send_raw("PUT", &format!("/api/v1/events/{event_id}/status"), format!("{{{members}}}")).await.expect(200)
}

#[tokio::test]
async fn a_payload_and_a_result_are_kept_byte_for_byte() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = enqueue(&lab, ODD).await;
    let (leased, token) = lease(&lab, &engine).await;
    assert_has(&leased, "payload", ODD);
    assert_has(&lab.get(&format!("/api/v1/engines/{engine}/leases")).await.expect(200), "payload", ODD);

    let result = odd("result");
    report(&lab, &event_id, &format!(r#""status": "completed", "lease_token": "{token}", "result": {result}"#)).await;
    let event = lab.get(&format!("/api/v1/events/{event_id}?include=payload")).await.expect(200);
    assert_has(&event, "payload", ODD);
    assert_has(&event, "result", &result);
    assert_has(&event, "payload_bytes", &ODD.len().to_string());
    assert_has(&lab.get(&format!("/api/v1/events/{event_id}/attempts")).await.expect(200), "result", &result);
}

#[tokio::test]
async fn any_json_can_be_a_payload() {
    let lab = Lab::start().await;
    for payload in ["null", "0", "-0.0", "1e-400", "\"\"", "\"\\u0000\"", "[]", "{}", "true", "[ 1 , 2 ]"] {
        let event_id = enqueue(&lab, payload).await;
        let event = lab.get(&format!("/api/v1/events/{event_id}?include=payload")).await.expect(200);
        assert_has(&event, "payload", payload);
    }
}

#[tokio::test]
async fn error_details_and_progress_are_kept_byte_for_byte_to_the_dead_letter_and_back() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = enqueue(&lab, ODD).await;
    let (details, progress, beaten) = (odd("details"), odd("progress"), odd("beaten"));

    let (_, token) = lease(&lab, &engine).await;
    let lease_token = format!(r#""lease_token": "{token}""#);
    report(&lab, &event_id, &format!(r#""status": "processing", {lease_token}, "progress": {progress}"#)).await;
    assert_has(&lab.get(&format!("/api/v1/events/{event_id}")).await.expect(200), "progress", &progress);
    let heartbeat = format!(r#"{{"leases": [{{"event_id": "{event_id}", {lease_token}, "progress": {beaten}}}]}}"#);
    lab.send_raw("POST", &format!("/api/v1/engines/{engine}/heartbeat"), heartbeat).await.expect(200);
    assert_has(&lab.get(&format!("/api/v1/events/{event_id}")).await.expect(200), "progress", &beaten);

    // A failure that is retried: the next attempt is told of this one.
    let error = format!(r#"{{"message":"nul \u0000","details":{details}}}"#);
    report(&lab, &event_id, &format!(r#""status": "failed", {lease_token}, "error": {error}, "delay_seconds": 0"#))
        .await;
    assert_has(&lab.get(&format!("/api/v1/events/{event_id}")).await.expect(200), "error", &error);
    let (again, token) = lease(&lab, &engine).await;
    assert_has(&again, "error", &error);
    assert_has(&again, "progress", &beaten);

    let lease_token = format!(r#""lease_token": "{token}""#);
    report(&lab, &event_id, &format!(r#""status": "failed", {lease_token}, "error": {error}, "retryable": false"#))
        .await;
    let letter = lab.get(&format!("/api/v1/dead-letters/{event_id}")).await.expect(200);
    assert_has(&letter, "payload", ODD);
    assert_eq!(letter.raw.matches(&error).count(), 3, "the last error, and that of each attempt: {}", letter.raw);
    assert_has(&letter, "progress", &beaten);
    let listed = lab.get("/api/v1/dead-letters?include=payload&error_contains=NUL").await.expect(200);
    assert_has(&listed, "payload", ODD);
    assert_has(&listed, "error", &error);

    lab.post(&format!("/api/v1/dead-letters/{event_id}/redrive"), &json!({})).await.expect(200);
    let (redriven, _) = lease(&lab, &engine).await;
    assert_has(&redriven, "payload", ODD);
    assert_has(&redriven, "error", &error);
}

#[tokio::test]
async fn a_dead_letter_that_outlived_its_partition_comes_back_byte_for_byte() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = enqueue(&lab, ODD).await;
    let (_, token) = lease(&lab, &engine).await;
    let error = format!(r#"{{"message":"x","details":{}}}"#, odd("details"));
    let lease_token = format!(r#""lease_token": "{token}""#);
    report(&lab, &event_id, &format!(r#""status": "failed", {lease_token}, "error": {error}, "retryable": false"#))
        .await;
    for table in ["events", "event_attempts"] {
        lab.sql(&format!("delete from eventlease.{table} where event_id = '{event_id}'")).await;
    }

    lab.post(&format!("/api/v1/dead-letters/{event_id}/redrive"), &json!({})).await.expect(200);
    assert_has(&lab.get(&format!("/api/v1/events/{event_id}/attempts")).await.expect(200), "error", &error);
    let (redriven, _) = lease(&lab, &engine).await;
    assert_has(&redriven, "payload", ODD);
    assert_has(&redriven, "error", &error);
    assert_has(&redriven, "attempt", "2");
}

#[tokio::test]
async fn metadata_is_kept_byte_for_byte_and_heartbeats_touch_only_what_they_name() {
    let lab = Lab::start().await;
    let (config, state, named) = (odd("config"), odd("state"), odd("named"));
    let register = |more: &str| {
        format!(
            r#"{{"engine_type": "dialogue", {more} "metadata": {{"static_config": {config}, "dynamic_state": {state}}}}}"#
        )
    };
    let registered = lab.send_raw("POST", "/api/v1/engines", register("")).await.expect(201);
    let engine = text_in(&registered.raw, "engine_id");
    let engines = || lab.get("/api/v1/engines");
    for reply in [registered, engines().await.expect(200)] {
        assert_has(&reply, "static_config", &config);
        assert_has(&reply, "dynamic_state", &state);
    }

    let heartbeat = format!(r#"{{"dynamic_state": {named}, "resource_utilization": {ODD}}}"#);
    let path = format!("/api/v1/engines/{engine}");
    lab.send_raw("POST", &format!("{path}/heartbeat"), heartbeat).await.expect(200);
    let merged = format!(r#"{{"state":{ODD},"named":{ODD},"resource_utilization":{ODD}}}"#);
    for reply in [lab.get(&path).await.expect(200), engines().await.expect(200)] {
        assert_has(&reply, "static_config", &config);
        assert_has(&reply, "dynamic_state", &merged);
    }
    let again =
        lab.send_raw("POST", "/api/v1/engines", register(&format!(r#""engine_id": "{engine}","#))).await.expect(200);
    assert_has(&again, "dynamic_state", &state);
}
