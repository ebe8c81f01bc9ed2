//! The main job: enqueue, lease, settle.

use serde_json::json;

use crate::support::Lab;

#[tokio::test]
async fn an_event_is_enqueued_leased_and_completed() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({"payload": {"line": "hello"}})).await;
    assert_eq!(lab.event(&event_id).await["status"], "queued");

    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!(leased["event_id"], event_id);
    assert_eq!(leased["payload"], json!({"line": "hello"}));
    assert_eq!(leased["lease"]["lock"], format!("processing_by_{engine}"));
    assert_eq!(lab.event(&event_id).await["status"], "processing");

    let settled = lab.settle(&leased, "completed", json!({"result": {"answer": 42}})).await.expect(200);
    assert_eq!(settled.body["outcome"], "completed");
    let event = lab.event(&event_id).await;
    assert_eq!(event["status"], "completed");
    assert_eq!(event["result"], json!({"answer": 42}));
}

#[tokio::test]
async fn a_failure_is_retried_later_and_the_fourth_makes_a_dead_letter() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    for attempt in 1..=4 {
        lab.make_due(&event_id).await;
        let leased = lab.lease_one("dialogue", &engine).await;
        assert_eq!((&leased["attempt"], &leased["max_attempts"]), (&json!(attempt), &json!(4)));
        let settled = lab.settle(&leased, "failed", json!({"error": {"type": "Timeout", "message": "no"}})).await;
        let settled = settled.expect(200);
        if attempt < 4 {
            assert_eq!(
                (&settled.body["status"], &settled.body["outcome"]),
                (&json!("queued"), &json!("retry_scheduled"))
            );
        } else {
            assert_eq!(
                (&settled.body["status"], &settled.body["outcome"]),
                (&json!("failed"), &json!("dead_lettered"))
            );
        }
    }
    let letter = lab.get(&format!("/api/v1/dead-letters/{event_id}")).await.expect(200).body;
    assert_eq!(letter["reason"], "retries_exhausted");
    assert_eq!(letter["attempts"].as_array().map(Vec::len), Some(4));
    assert_eq!(letter["error_type"], "Timeout");
}

#[tokio::test]
async fn an_ended_event_still_tells_what_it_had_spent_since_its_last_redrive() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let attempt = async |status: &str, more: serde_json::Value| {
        lab.make_due(&event_id).await;
        let leased = lab.lease_one("dialogue", &engine).await;
        lab.settle(&leased, status, more).await.expect(200);
    };
    let spent = async || {
        let event = lab.event(&event_id).await;
        let listed = lab.get("/api/v1/events?engine_type=dialogue").await.expect(200).body["items"][0].clone();
        assert_eq!(listed, event);
        (event["failures"].clone(), event["lease_losses"].clone(), event["redrives"].clone())
    };
    attempt("failed", json!({})).await;
    attempt("failed", json!({"retryable": false})).await;
    assert_eq!(spent().await, (json!(2), json!(0), json!(0)), "a dead letter");
    lab.post(&format!("/api/v1/dead-letters/{event_id}/redrive"), &json!({})).await.expect(200);
    attempt("failed", json!({})).await;
    lab.make_due(&event_id).await;
    lab.lease_one("dialogue", &engine).await;
    lab.expire(&event_id).await;
    lab.wait_for_status(&event_id, "queued").await;
    attempt("queued", json!({})).await;
    assert_eq!(spent().await, (json!(1), json!(1), json!(1)), "open again");
    attempt("completed", json!({})).await;
    assert_eq!(spent().await, (json!(1), json!(1), json!(1)), "completed");
}
