//! Calls that wait for an event's row while it moves from one table to the other: whoever waited finds it in neither, and must
//! not take the event for one that has ended.

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Postgres, Transaction};

use crate::support::{Lab, Reply};

/// Leases a queued event, as a claim does.
const LEASE: &str = "with gone as (delete from eventlease.event_queue where event_id = $1::uuid returning *)
    insert into eventlease.event_leases (event_id, engine_type, event_type, lane, priority, available_at, payload_bytes,
        attempt, failures, lease_losses, releases, redrives, lease_token, leased_at, lease_expires_at, lease_deadline_at,
        lease_seconds)
    select event_id, engine_type, event_type, lane, priority, available_at, payload_bytes, attempt + 1, failures,
        lease_losses, releases, redrives, gen_random_uuid(), now(), now() + interval '1 hour', now() + interval '2 hours', 60
    from gone";

/// Takes a lease for lost in silence, as the reaper does.
const LOSE: &str = "with gone as (delete from eventlease.event_leases where event_id = $1::uuid returning *),
    ended as (
        insert into eventlease.event_attempts (event_id, engine_type, attempt, engine_id, incarnation, lease_token, leased_at,
            ended_at, outcome, answer)
        select event_id, engine_type, attempt, leased_by, incarnation, lease_token, leased_at, now(), 'expired',
            'retry_scheduled'
        from gone
    )
    insert into eventlease.event_queue (event_id, engine_type, event_type, lane, priority, available_at, payload_bytes, attempt,
        lease_losses, lease_token, lease_deadline_at, lease_seconds)
    select event_id, engine_type, event_type, 1, priority, now() + interval '1 hour', payload_bytes, attempt, 1, lease_token,
        lease_deadline_at, lease_seconds
    from gone";

/// Moves the event, makes the call while the move is under way, and lets the move end once the call waits for it.
async fn call_during(lab: &Lab, event_id: &str, how: &'static str, call: impl Future<Output = Reply>) -> Reply {
    let mut moving: Transaction<'_, Postgres> = lab.db.begin().await.expect("a transaction");
    let moved = sqlx::query(AssertSqlSafe(how)).bind(event_id).execute(&mut *moving).await.expect("moved");
    assert_eq!(moved.rows_affected(), 1);
    let end = async {
        lab.wait_for_a_blocked_server().await;
        moving.commit().await.expect("the move's end");
    };
    tokio::join!(call, end).0
}

async fn cancel(lab: &Lab, event_id: &str) -> Reply {
    lab.post(&format!("/api/v1/events/{event_id}/cancel"), &json!({})).await
}

#[tokio::test]
async fn a_cancel_follows_an_event_that_is_just_being_leased_and_one_that_comes_back() {
    let lab = Lab::start().await;
    let leased = lab.enqueue("dialogue", json!({})).await;
    let reply = call_during(&lab, &leased, LEASE, cancel(&lab, &leased)).await.expect(202);
    assert_eq!((&reply.body["status"], &reply.body["cancel_requested"]), (&json!("processing"), &json!(true)));

    let (engine, lost) = (lab.register("dialogue", json!({})).await, lab.enqueue("dialogue", json!({})).await);
    lab.lease_one("dialogue", &engine).await;
    let reply = call_during(&lab, &lost, LOSE, cancel(&lab, &lost)).await.expect(200);
    assert_eq!(reply.body["status"], "cancelled");
}

#[tokio::test]
async fn a_report_follows_an_event_whose_lease_is_just_being_lost() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for (status, outcome) in [("failed", "retry_scheduled"), ("completed", "completed")] {
        let event_id = lab.enqueue("dialogue", json!({"priority": 9})).await;
        let leased = lab.lease_one("dialogue", &engine).await;
        let reply = call_during(&lab, &event_id, LOSE, lab.settle(&leased, status, json!({}))).await.expect(200);
        assert_eq!(reply.body["outcome"], outcome, "{:?}", reply.body);
        assert_eq!(lab.event(&event_id).await["lease_losses"], 0, "the loss is taken back");
    }
}

#[tokio::test]
async fn a_late_report_follows_an_event_that_is_just_being_leased_anew_and_is_refused() {
    let lab = Lab::start().await;
    let (engine, event_id) = (lab.register("dialogue", json!({})).await, lab.enqueue("dialogue", json!({})).await);
    let lost = lab.lease_one("dialogue", &engine).await;
    lab.sql(&format!(
        "update eventlease.event_leases set lease_expires_at = now() - interval '1 s' where event_id = '{event_id}'"
    ))
    .await;
    lab.wait_for_status(&event_id, "queued").await;
    let settle = lab.settle(&lost, "completed", json!({}));
    let refused = call_during(&lab, &event_id, LEASE, settle).await.problem(409, "lease_lost").body;
    assert_eq!((&refused["event_status"], &refused["current_attempt"]), (&json!("processing"), &json!(2)));
    assert_eq!(lab.event(&event_id).await["result"], Value::Null);
}

/// Where the event is open, and which run and key it has there.
async fn place(lab: &Lab, event_id: &str) -> String {
    sqlx::query_scalar(
        "select concat_ws(' ', state, scenario_run_id, unique_key) from eventlease.open_events where event_id = $1::uuid",
    )
    .bind(event_id)
    .fetch_one(&lab.db)
    .await
    .expect("it is open")
}

#[tokio::test]
async fn an_event_keeps_its_run_and_its_unique_key_wherever_it_goes() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for (due, key) in [(0, "k0"), (1, "k1")] {
        let more = json!({"scenario_run_id": "run-1", "delay_seconds": due, "unique_key": key});
        let event_id = lab.enqueue("dialogue", more).await;
        let queued = format!("queued run-1 {key}");
        assert_eq!(place(&lab, &event_id).await, queued);
        lab.make_due(&event_id).await;
        let leased = lab.lease_one("dialogue", &engine).await;
        assert_eq!(place(&lab, &event_id).await, format!("processing run-1 {key}"));
        // The lease is lost, and the late report takes the loss back.
        lab.expire(&event_id).await;
        lab.wait_for_status(&event_id, "queued").await;
        assert_eq!(place(&lab, &event_id).await, queued);
        lab.settle(&leased, "failed", json!({"retryable": true})).await.expect(200);
        assert_eq!(place(&lab, &event_id).await, queued);
        lab.make_due(&event_id).await;
        let leased = lab.lease_one("dialogue", &engine).await;
        lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
        let redrive = format!("/api/v1/dead-letters/{event_id}/redrive");
        lab.post(&redrive, &json!({"delay_seconds": 600})).await.expect(200);
        assert_eq!(place(&lab, &event_id).await, queued);
        lab.make_due(&event_id).await;
        let leased = lab.lease_one("dialogue", &engine).await;
        lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
        let new = lab.post(&redrive, &json!({"payload": {"other": 1}, "delay_seconds": 600})).await.expect(201);
        let new = new.body["event_id"].as_str().expect("an id").to_owned();
        assert_eq!(place(&lab, &new).await, queued);
    }
}
