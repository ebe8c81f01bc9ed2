//! What operators change of engines while they run: their limits, and draining many.

use std::time::Instant;

use serde_json::{Value, json};

use super::read;
use crate::support::{Lab, Reply};

async fn patch(lab: &Lab, engine: &str, static_config: &str) -> Reply {
    let body = format!(r#"{{"metadata": {{"static_config": {static_config}}}}}"#);
    lab.send_raw("PATCH", &format!("/api/v1/engines/{engine}"), body).await
}

async fn drain(lab: &Lab, body: Value) -> Value {
    lab.post("/api/v1/engines/drain", &body).await.expect(200).body
}

#[tokio::test]
async fn a_patch_keeps_every_byte_it_does_not_touch() {
    let lab = Lab::start().await;
    let body = r#"{"engine_type": "dialogue", "metadata": {
        "static_config": {"z": 1.50, "capabilities": ["talk"], "resource_limits": {"memory_limit_mb": 1e3, "max_concurrent_events": 5}, "nul": "\u0000", "gone": 1},
        "dynamic_state": {"mood": 1.0}}}"#;
    let engine = lab.send_raw("POST", "/api/v1/engines", body).await.expect(201).text("engine_id");
    let changes = r#"{"resource_limits": {"max_concurrent_events": 2.0}, "gone": null, "new": [ 1 ], "never": null}"#;
    let patched = patch(&lab, &engine, changes).await.expect(200);
    let expected = concat!(
        r#"{"z":1.50,"capabilities":["talk"],"resource_limits":{"memory_limit_mb":1e3,"max_concurrent_events":2.0},"#,
        r#""nul":"\u0000","new":[ 1 ]}"#
    );
    assert!(patched.raw.contains(expected), "{}", patched.raw);
    assert!(patched.raw.contains(r#"{"mood": 1.0}"#), "{}", patched.raw);
    assert_eq!(lab.get(&format!("/api/v1/engines/{engine}")).await.expect(200).body, patched.body);
    assert_eq!((&patched.body["incarnation"], &patched.body["status"]), (&json!(1), &json!("active")));
}

#[tokio::test]
async fn what_the_service_reads_follows_the_patch() {
    let lab = Lab::start().await;
    let config = json!({"capabilities": ["talk"], "engine_software_version": "1.0", "resource_limits": {"max_concurrent_events": 2}});
    let engine = lab.register("dialogue", json!({"metadata": {"static_config": config}})).await;
    let columns = async || {
        sqlx::query_as::<_, (Vec<String>, Option<String>, Option<i32>)>(
            "select capabilities, engine_software_version, max_concurrent_events from eventlease.engine_states",
        )
        .fetch_one(&lab.db)
        .await
        .expect("an engine")
    };
    let text = |text: &str| text.to_owned();
    patch(&lab, &engine, r#"{"capabilities": ["sing", "talk"], "engine_software_version": "2.0"}"#).await.expect(200);
    assert_eq!(columns().await, (vec![text("sing"), text("talk")], Some(text("2.0")), Some(2)));
    let found = lab.get("/api/v1/engines?capability=sing&engine_software_version=2.0").await.expect(200);
    assert_eq!(found.body["items"][0]["engine_id"], json!(engine));
    patch(&lab, &engine, r#"{"capabilities": null, "resource_limits": {"max_concurrent_events": null}}"#)
        .await
        .expect(200);
    assert_eq!(columns().await, (vec![], Some(text("2.0")), None));
    patch(&lab, &engine, r#"{"resource_limits": {"max_concurrent_events": 7}}"#).await.expect(200);
    patch(&lab, &engine, r#"{"resource_limits": null}"#).await.expect(200);
    assert_eq!(columns().await, (vec![], Some(text("2.0")), None));
    patch(&lab, &engine, "null").await.expect(200);
    assert_eq!(columns().await, (vec![], None, None));
    assert_eq!(read(&lab, &engine).await["metadata"]["static_config"], json!({}));
    lab.send_raw("PATCH", &format!("/api/v1/engines/{engine}"), "{}").await.expect(200);
}

#[tokio::test]
async fn a_limit_that_is_raised_or_lowered_holds_at_once() {
    let lab = Lab::start_with(&["--recheck-interval-ms", "5000"]).await;
    let config = json!({"resource_limits": {"max_concurrent_events": 1}});
    let engine = lab.register("dialogue", json!({"metadata": {"static_config": config}})).await;
    for _ in 0..4 {
        lab.enqueue("dialogue", json!({})).await;
    }
    lab.lease_one("dialogue", &engine).await;
    let raise = async {
        lab.wait_for_parked_polls(1).await;
        patch(&lab, &engine, r#"{"resource_limits": {"max_concurrent_events": 3}}"#).await.expect(200);
        Instant::now()
    };
    let (polled, raised_at) = tokio::join!(lab.poll("dialogue", &engine, "limit=5&wait_seconds=20"), raise);
    assert!(raised_at.elapsed().as_secs_f64() < 2.5, "it was not woken");
    assert_eq!(polled.expect(200).body["events"].as_array().map(Vec::len), Some(2));
    patch(&lab, &engine, r#"{"resource_limits": {"max_concurrent_events": 2}}"#).await.expect(200);
    let polled = lab.poll("dialogue", &engine, "").await.expect(200).body;
    assert_eq!((&polled["events"], &polled["notice"]["code"]), (&json!([]), &json!("engine_at_capacity")));
}

#[tokio::test]
async fn engines_of_a_version_are_drained_together() {
    let lab = Lab::start().await;
    let version = |version: &str| json!({"metadata": {"static_config": {"engine_software_version": version}}});
    let mut old = Vec::new();
    for _ in 0..2 {
        old.push(lab.register("dialogue", version("1.0")).await);
    }
    old.sort_unstable();
    let new = lab.register("dialogue", version("2.0")).await;
    let other = lab.register("vision", version("1.0")).await;
    let filter = json!({"engine_type": "dialogue", "engine_software_version": "1.0"});
    let dry = drain(&lab, json!({"filter": filter, "dry_run": true})).await;
    assert_eq!(dry, json!({"matched": 2, "draining": 0, "engine_ids": old}));
    assert_eq!(read(&lab, &old[0]).await["status"], "active");
    let drained = drain(&lab, json!({"filter": filter})).await;
    assert_eq!(drained, json!({"matched": 2, "draining": 2, "engine_ids": old}));
    for (engine, status) in [(&old[0], "draining"), (&old[1], "draining"), (&new, "active"), (&other, "active")] {
        assert_eq!(read(&lab, engine).await["status"], status);
    }
    assert_eq!(drain(&lab, json!({"filter": {"engine_software_version": "1.0"}})).await["matched"], 3);
    assert_eq!(
        drain(&lab, json!({"filter": {"engine_type": "nobody"}})).await,
        json!({"matched": 0, "draining": 0, "engine_ids": []})
    );
    lab.post(&format!("/api/v1/engines/{}/resume", old[0]), &json!({})).await.expect(200);
    assert_eq!(drain(&lab, json!({"filter": filter, "dry_run": true})).await["draining"], 1);
}

#[tokio::test]
async fn polls_that_wait_are_told_that_their_engines_drain() {
    let lab = Lab::start_with(&["--recheck-interval-ms", "5000"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    let drained = async {
        lab.wait_for_parked_polls(1).await;
        drain(&lab, json!({"filter": {"engine_type": "dialogue"}})).await;
        Instant::now()
    };
    let (polled, drained_at) = tokio::join!(lab.poll("dialogue", &engine, "wait_seconds=20"), drained);
    assert!(drained_at.elapsed().as_secs_f64() < 2.5, "it was not woken");
    assert_eq!(polled.expect(200).body["notice"]["code"], "engine_draining");
}

#[tokio::test]
async fn a_silent_engine_that_is_drained_comes_back_draining() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.heartbeat(&engine, json!({})).await.expect(200);
    lab.silence(&engine).await;
    assert_eq!(drain(&lab, json!({"filter": {"engine_type": "dialogue"}})).await["draining"], 1);
    assert_eq!(read(&lab, &engine).await["status"], "unresponsive");
    assert_eq!(lab.heartbeat(&engine, json!({})).await.expect(200).body["status"], "draining");
}
