//! Cancelling events, and events that get too old.

use serde_json::{Value, json};

use crate::support::{Lab, Reply, unknown_id};

async fn cancel(lab: &Lab, event_id: &str) -> Reply {
    Reply::of(lab.request("POST", &format!("/api/v1/events/{event_id}/cancel"))).await
}

#[tokio::test]
async fn a_queued_event_is_cancelled_at_once_and_again() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    assert_eq!(cancel(&lab, &event_id).await.expect(200).body["status"], "cancelled");
    assert_eq!(cancel(&lab, &event_id).await.expect(200).body["status"], "cancelled");
    assert_eq!(lab.poll("dialogue", &engine, "").await.expect(200).body["events"], json!([]));
    let attempts = lab.attempts(&event_id).await;
    assert_eq!(attempts.len(), 1);
    assert_eq!((&attempts[0]["outcome"], &attempts[0]["engine_id"]), (&json!("cancelled"), &Value::Null));
}

#[tokio::test]
async fn an_attempt_is_a_lease_also_of_an_event_that_was_cancelled_in_its_queue() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for leases in [0, 1] {
        let event_id = lab.enqueue("dialogue", json!({})).await;
        for _ in 0..leases {
            let leased = lab.lease_one("dialogue", &engine).await;
            lab.settle(&leased, "queued", json!({"delay_seconds": 600})).await.expect(200);
        }
        assert_eq!(cancel(&lab, &event_id).await.expect(200).body["attempt"], leases);
        assert_eq!(lab.event(&event_id).await["attempt"], leases);
        let listed = lab.get("/api/v1/events?limit=1").await.expect(200).body["items"][0].clone();
        assert_eq!((&listed["event_id"], &listed["attempt"]), (&json!(event_id), &json!(leases)));
        let brief = lab.post("/api/v1/events/wait", &json!({"event_ids": [event_id]})).await.expect(200);
        assert_eq!(brief.body["events"][0]["attempt"], leases);
        let in_sql: i32 =
            sqlx::query_scalar("select attempt from eventlease.event_instances where event_id = $1::uuid")
                .bind(&event_id)
                .fetch_one(&lab.db)
                .await
                .expect("one row an event");
        assert_eq!(in_sql, leases);
    }
}

#[tokio::test]
async fn a_report_on_an_event_that_was_cancelled_in_its_queue_is_told_its_last_attempt() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.lose(&event_id).await;
    cancel(&lab, &event_id).await.expect(200);
    let lost = lab.settle(&leased, "completed", json!({})).await.problem(409, "lease_lost");
    assert_eq!((&lost.body["event_status"], &lost.body["current_attempt"]), (&json!("cancelled"), &json!(1)));
}

#[tokio::test]
async fn an_engine_hears_that_its_event_is_to_be_cancelled_and_any_end_but_completion_cancels_it() {
    for (status, outcome) in [("failed", "cancelled"), ("queued", "cancelled"), ("completed", "completed")] {
        let lab = Lab::start().await;
        let engine = lab.register("dialogue", json!({})).await;
        let event_id = lab.enqueue("dialogue", json!({})).await;
        let leased = lab.lease_one("dialogue", &engine).await;
        let asked = cancel(&lab, &event_id).await.expect(202);
        assert_eq!((&asked.body["status"], &asked.body["cancel_requested"]), (&json!("processing"), &json!(true)));

        let lease = json!({"event_id": event_id, "lease_token": leased["lease"]["lease_token"]});
        let beat = lab.post(&format!("/api/v1/engines/{engine}/heartbeat"), &json!({"leases": [lease]})).await;
        let beat = beat.expect(200).body["leases"][0].clone();
        assert_eq!((&beat["outcome"], &beat["cancel_requested"]), (&json!("renewed"), &json!(true)));
        assert_eq!(lab.settle(&leased, "processing", json!({})).await.expect(200).body["cancel_requested"], true);

        let settled = lab.settle(&leased, status, json!({})).await.expect(200);
        assert_eq!((&settled.body["outcome"], &settled.body["status"]), (&json!(outcome), &json!(outcome)));
        let again = lab.settle(&leased, status, json!({})).await.expect(200);
        assert_eq!(again.body["outcome"], outcome);
    }
}

#[tokio::test]
async fn a_lost_lease_cancels_what_was_to_be_cancelled() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    cancel(&lab, &event_id).await.expect(202);
    lab.expire(&event_id).await;
    lab.wait_for_status(&event_id, "cancelled").await;
    lab.settle(&leased, "completed", json!({})).await.problem(409, "lease_lost");
}

#[tokio::test]
async fn what_has_ended_cannot_be_cancelled() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    let refused = cancel(&lab, &event_id).await.problem(409, "event_is_final");
    assert_eq!(refused.body["event_status"], "completed");
    cancel(&lab, &unknown_id()).await.problem(404, "event_not_found");
    cancel(&lab, "nonsense").await.problem(422, "invalid_input");
}

#[tokio::test]
async fn a_scenario_run_is_cancelled_with_all_that_is_open_of_it() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({"scenario_run_id": "run-1", "priority": 9})).await;
    let held = lab.lease_one("dialogue", &engine).await;
    let queued = lab.enqueue("dialogue", json!({"scenario_run_id": "run-1"})).await;
    let delayed = lab.enqueue("dialogue", json!({"scenario_run_id": "run-1", "delay_seconds": 600})).await;
    let other = lab.enqueue("dialogue", json!({"scenario_run_id": "run-2"})).await;

    let done = Reply::of(lab.request("POST", "/api/v1/scenario-runs/run-1/cancel")).await.expect(200);
    assert_eq!(done.body, json!({"cancelled": 2, "cancel_requested": 1}));
    for event_id in [&queued, &delayed] {
        assert_eq!(lab.event(event_id).await["status"], "cancelled");
    }
    assert_eq!(lab.event(held["event_id"].as_str().expect("an id")).await["cancel_requested"], true);
    assert_eq!(lab.event(&other).await["status"], "queued");
}

#[tokio::test]
async fn an_event_that_nobody_leases_in_time_is_cancelled_as_too_old_but_a_leased_one_is_not() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let leased_in_time = lab.enqueue("dialogue", json!({"discard_after_seconds": 600, "priority": 9})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!(leased["event_id"], leased_in_time);
    let too_old = lab.enqueue("dialogue", json!({"discard_after_seconds": 600})).await;
    lab.sql("update eventlease.event_queue set discard_at = discard_at - interval '1 hour'").await;
    assert_eq!(lab.poll("dialogue", &engine, "").await.expect(200).body["events"], json!([]));
    let event = lab.wait_for_status(&too_old, "cancelled").await;
    assert_eq!(event["error"]["type"], "too_old");
    lab.settle(&leased, "queued", json!({})).await.expect(200);
    assert_eq!(lab.event(&leased_in_time).await["status"], "queued");
}

#[tokio::test]
async fn a_dead_letter_that_is_redriven_meanwhile_is_cancelled() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
    let mut redrive = lab.db.begin().await.expect("a transaction");
    sqlx::query("lock table eventlease.events").execute(&mut *redrive).await.expect("locked");
    let redriving = async {
        // It has found the event closed.
        lab.wait_for_a_blocked_server().await;
        sqlx::query(
            "with dead as (delete from eventlease.dead_letters returning *)
             insert into eventlease.event_queue (event_id, engine_type, event_type, priority, available_at,
                payload_bytes, attempt, redrives)
             select event_id, engine_type, event_type, priority, statement_timestamp(), payload_bytes,
                attempt, 1
             from dead",
        )
        .execute(&mut *redrive)
        .await
        .expect("redriven");
        redrive.commit().await.expect("a commit");
    };
    let path = format!("/api/v1/events/{event_id}/cancel");
    let nothing = json!({});
    let (cancelled, ()) = tokio::join!(lab.post(&path, &nothing), redriving);
    assert_eq!(cancelled.expect(200).body["status"], "cancelled");
}
