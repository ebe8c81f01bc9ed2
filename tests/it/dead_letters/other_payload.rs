//! A dead letter that is redriven with another payload becomes a new event.

use serde_json::{Value, json};

use super::{list, make_dead_letter};
use crate::support::Lab;

async fn redrive(lab: &Lab, event_id: &str, body: &str) -> crate::support::Reply {
    lab.send_raw("POST", &format!("/api/v1/dead-letters/{event_id}/redrive"), body.to_owned()).await
}

#[tokio::test]
async fn another_payload_makes_a_new_event_and_marks_the_old_one() {
    let lab = Lab::start().await;
    let sent = json!({"event_type": "image.seen", "priority": 7, "scenario_run_id": "run-1",
        "visibility_timeout_seconds": 77, "retry_policy": {"max_retries": 1}});
    let old = make_dead_letter(&lab, "vision", sent, json!("no")).await;
    let reply = redrive(&lab, &old, r#"{"payload": {"n": 1.50, "z": "\u0000"}, "delay_seconds": 0}"#).await.expect(201);
    let new = reply.text("event_id");
    assert_ne!(new, old);
    assert_eq!(reply.header("location"), format!("/api/v1/events/{new}"));
    let told = ["status", "event_type", "priority", "scenario_run_id", "redriven_from", "attempt", "redrives"];
    let expected = [json!("queued"), json!("image.seen"), json!(7), json!("run-1"), json!(old), json!(0), json!(0)];
    assert_eq!(told.map(|member| reply.body[member].clone()), expected);

    let polled = lab.poll("vision", &lab.register("vision", json!({})).await, "limit=5").await.expect(200);
    assert!(polled.raw.contains(r#"{"n": 1.50, "z": "\u0000"}"#), "as it was sent: {}", polled.raw);
    assert_eq!(polled.body["events"].as_array().map(Vec::len), Some(1));
    let leased = &polled.body["events"][0];
    assert_eq!((&leased["event_id"], &leased["max_attempts"]), (&json!(new), &json!(2)));
    assert_eq!(leased["lease"]["visibility_timeout_seconds"], 77);

    let letters = list(&lab, "").await;
    assert_eq!((letters.event_ids(), &letters.body["items"][0]["redriven_as"]), (vec![old.clone()], &json!(new)));
    let event = lab.event(&old).await;
    assert_eq!((&event["status"], &event["redriven_as"]), (&json!("failed"), &json!(new)));
    for body in ["{}", r#"{"payload": 2}"#] {
        let refused = redrive(&lab, &old, body).await.problem(409, "not_a_dead_letter");
        assert_eq!((&refused.body["redriven_as"], &refused.body["event_status"]), (&json!(new), &json!("failed")));
    }
    lab.settle(leased, "completed", json!({})).await.expect(200);
    lab.delete(&format!("/api/v1/dead-letters/{old}")).await.expect(204);
}

#[tokio::test]
async fn it_works_also_when_history_is_gone_and_says_where_it_came_from_for_ever() {
    let lab = Lab::start().await;
    let drop_history = async |event_id: &str| {
        for table in ["events", "event_attempts"] {
            assert_eq!(lab.sql(&format!("delete from eventlease.{table} where event_id = '{event_id}'")).await, 1);
        }
    };
    let old = make_dead_letter(&lab, "dialogue", json!({}), json!("no")).await;
    drop_history(&old).await;
    let body = r#"{"payload": "better", "priority": 9, "retry_policy": {"max_retries": 0}}"#;
    let new = redrive(&lab, &old, body).await.expect(201).text("event_id");
    let engine = lab.register("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!(
        (&leased["event_id"], &leased["payload"], &leased["priority"]),
        (&json!(new), &json!("better"), &json!(9))
    );
    lab.settle(&leased, "failed", json!({})).await.expect(200);
    drop_history(&new).await;
    assert_eq!(lab.event(&new).await["redriven_from"], json!(old));
    let letter = lab.get(&format!("/api/v1/dead-letters/{new}")).await.expect(200).body;
    assert_eq!((&letter["redriven_from"], &letter["redriven_as"]), (&json!(old), &Value::Null));
    redrive(&lab, &new, "{}").await.expect(200);
    assert_eq!(lab.event(&new).await["redriven_from"], json!(old));
}

#[tokio::test]
async fn two_redrives_at_once_make_one_event() {
    let lab = Lab::start().await;
    let old = make_dead_letter(&lab, "dialogue", json!({}), json!("no")).await;
    let body = r#"{"payload": "better"}"#;
    let (one, other) = tokio::join!(redrive(&lab, &old, body), redrive(&lab, &old, body));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let queued: i64 =
        sqlx::query_scalar("select count(*) from eventlease.event_queue").fetch_one(&lab.db).await.expect("");
    assert_eq!(queued, 1);
}

#[tokio::test]
async fn a_poll_that_waits_is_woken_by_it() {
    let lab = Lab::start_with(&["--recheck-interval-ms", "5000"]).await;
    let old = make_dead_letter(&lab, "dialogue", json!({}), json!("no")).await;
    let engine = lab.register("dialogue", json!({})).await;
    let poll = lab.poll("dialogue", &engine, "wait_seconds=30");
    let redriven = async {
        lab.wait_for_parked_polls(1).await;
        let started = std::time::Instant::now();
        (redrive(&lab, &old, r#"{"payload": "better"}"#).await.expect(201), started)
    };
    let (polled, (redriven, started)) = tokio::join!(poll, redriven);
    assert_eq!(polled.expect(200).body["events"][0]["event_id"], redriven.body["event_id"]);
    assert!(started.elapsed().as_secs_f64() < 2.5, "it was not woken");
}
