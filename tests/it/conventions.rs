//! What holds for every call.

mod batch;
mod lists;
mod problems;

use chrono::DateTime;
use reqwest::header::HeaderValue;
use serde_json::{Value, json};

use crate::bad_input::Untouched;
use crate::support::{Lab, Reply};

#[tokio::test]
async fn a_short_printable_request_id_comes_back() {
    let lab = Lab::start().await;
    let longest = "x".repeat(64);
    for own in ["7", "job 12 / step ~3", &longest] {
        for path in ["/healthz", "/api/v1/engines", "/nowhere", "/api/v1/engines?limit=0"] {
            let reply = Reply::of(lab.request("GET", path).header("x-request-id", own)).await;
            assert_eq!(reply.header("x-request-id"), own, "{reply:?}");
        }
    }
}

#[tokio::test]
async fn any_other_request_id_is_replaced_by_a_new_one() {
    let lab = Lab::start().await;
    let mut seen = Vec::new();
    for own in [None, Some("x".repeat(65).as_bytes()), Some("ü".as_bytes()), Some(b""), Some(b"a\tb")] {
        for (method, path) in
            [("GET", "/healthz"), ("GET", "/nowhere"), ("PUT", "/healthz"), ("POST", "/api/v1/events")]
        {
            let mut request = lab.request(method, path);
            if let Some(own) = own {
                request = request.header("x-request-id", HeaderValue::from_bytes(own).expect("a header"));
            }
            let given = Reply::of(request).await.header("x-request-id");
            assert!(given.parse::<uuid::Uuid>().is_ok(), "{given:?} for {own:?}");
            assert!(!seen.contains(&given), "{given} was given before");
            seen.push(given);
        }
    }
}

#[tokio::test]
async fn an_invented_method_makes_no_series_of_a_metric() {
    let lab = Lab::start().await;
    for path in ["/nowhere", "/api/v1/engines", "/api/v1/events/queue/dialogue"] {
        Reply::of(lab.request("BREW", path)).await;
    }
    let metrics = lab.get("/metrics").await.expect(200).raw;
    assert!(metrics.contains(r#"method="other""#) && !metrics.contains("BREW"), "{metrics}");
}

#[tokio::test]
async fn every_time_in_a_reply_is_rfc_3339_with_z() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.post(&format!("/api/v1/engines/{engine}/heartbeat"), &json!({})).await.expect(200);
    let event_id = lab.enqueue("dialogue", json!({"available_at": "2020-01-01T01:00:00+01:00"})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let renewed = lab.settle(&leased, "processing", json!({})).await.expect(200).body;
    let held = lab.event(&event_id).await;
    let retried = lab.settle(&leased, "failed", json!({"delay_seconds": 0})).await.expect(200).body;
    let leased_again = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased_again, "failed", json!({"retryable": false})).await.expect(200);
    let conflict = lab.settle(&leased_again, "completed", json!({})).await.problem(409, "already_settled").body;
    let letter = lab.get(&format!("/api/v1/dead-letters/{event_id}")).await.expect(200).body;
    lab.broker().flush_liveness().await.expect("liveness is written");
    let engines = lab.get("/api/v1/engines").await.expect(200).body;
    let event = lab.event(&event_id).await;

    let mut times = Vec::new();
    for reply in [&leased, &renewed, &held, &retried, &leased_again, &conflict, &letter, &engines, &event] {
        let before = times.len();
        find_times(reply, &mut times);
        assert!(times.len() > before, "no time in {reply}");
    }
    for (name, time) in &times {
        assert!(time.ends_with('Z') && DateTime::parse_from_rfc3339(time).is_ok(), "{name}: {time}");
    }
    for name in [
        "created_at",
        "available_at",
        "finished_at",
        "leased_at",
        "ended_at",
        "expires_at",
        "lease_expires_at",
        "dead_lettered_at",
        "settled_at",
        "registered_at",
        "last_heartbeat",
        "last_seen_at",
        "last_poll_at",
    ] {
        assert!(times.iter().any(|(known, _)| known == name), "{name} was never seen");
    }
}

fn find_times(value: &Value, times: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if name.ends_with("_at") || name == "last_heartbeat" => {
                        times.push((name.clone(), text.clone()));
                    }
                    _ => find_times(value, times),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| find_times(item, times)),
        _ => {}
    }
}

#[tokio::test]
async fn where_lease_tokens_are_required_nobody_settles_without() {
    let lab = Lab::start_with(&["--lease-tokens", "required"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let path = format!("/api/v1/events/{event_id}/status");
    let untouched = Untouched::from_now_on(&lab).await;
    for report in [r#"{"status": "completed"}"#, r#"{"status": "queued"}"#, r#"{"status": "processing"}"#] {
        untouched.names("PUT", &path, report, &["/lease_token"]).await;
    }
    untouched.names("PUT", &path, r#"{"lease_token": null}"#, &["/lease_token", "/status"]).await;
    untouched.and_the_server_serves().await;
    lab.settle(&leased, "completed", json!({})).await.expect(200);
}

#[tokio::test]
async fn where_they_are_optional_the_holder_may_settle_without_and_that_is_counted() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &engine).await;
    let path = format!("/api/v1/events/{event_id}/status");
    let by_the_holder = lab.request("PUT", &path).header("x-engine-id", &engine).json(&json!({"status": "completed"}));
    let first = Reply::of(by_the_holder).await.expect(200);
    assert_eq!(first.body["outcome"], "completed");
    let again = lab.request("PUT", &path).header("x-engine-id", &engine).json(&json!({"status": "completed"}));
    assert_eq!(Reply::of(again).await.expect(200).raw, first.raw);
    assert!((lab.metric("eventlease_settlements_unfenced_total").await - 1.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn what_is_anybodys_lease_anybody_may_settle() {
    let lab = Lab::start().await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.get("/api/v1/events/queue/dialogue").await.expect(200).body["events"][0].clone();
    assert_eq!(leased["lease"]["lock"], "processing_by_anonymous");
    let settled = lab.put(&format!("/api/v1/events/{event_id}/status"), &json!({"status": "completed"})).await;
    assert_eq!(settled.expect(200).body["outcome"], "completed");
}
