//! A run that is cancelled stays so, until it is reopened.

use serde_json::{Value, json};
use sqlx::Connection as _;

use super::{change, counted, counts, of_run, run};
use crate::support::{Lab, Reply};

fn event(more: Value) -> Value {
    let mut body = json!({"engine_type": "dialogue", "event_type": "e", "payload": 1, "scenario_run_id": "run-1"});
    crate::support::merge(&mut body, more);
    body
}

async fn send(lab: &Lab, more: Value) -> Reply {
    lab.post("/api/v1/events", &event(more)).await
}

#[tokio::test]
async fn a_cancelled_run_takes_no_events_until_it_is_reopened() {
    let lab = Lab::start().await;
    let known = send(&lab, json!({"idempotency_key": "known"})).await.expect(201).text("event_id");
    assert_eq!(change(&lab, "run-1", "cancel").await.expect(200).body, json!({"cancelled": 1, "cancel_requested": 0}));
    let cancelled = run(&lab, "run-1").await;
    assert_eq!((&cancelled["status"], &cancelled["counts"]), (&json!("cancelled"), &counted(0, 0, 0, 0, 1)));
    assert!(cancelled["cancelled_at"].is_string() && cancelled["cancelled_in"] == json!([]), "{cancelled}");

    for more in [json!({}), json!({"delay_seconds": 5}), json!({"idempotency_key": "k"}), json!({"engine_type": "new"})]
    {
        let refused = send(&lab, more).await.problem(409, "run_cancelled");
        assert_eq!(refused.text("scenario_run_id"), "run-1");
    }
    // It was taken in before: that is still so.
    let again = send(&lab, json!({"idempotency_key": "known"})).await.expect(200);
    assert_eq!((again.text("event_id"), &again.body["duplicate"]), (known, &json!(true)));
    lab.get("/api/v1/queues/new").await.problem(404, "queue_not_found");

    let other = json!({"scenario_run_id": "run-2"});
    let keyed = json!({"idempotency_key": "k"});
    let batch = json!({"events": [event(other.clone()), event(json!({})), event(keyed.clone()), event(keyed.clone())]});
    let reply = lab.post("/api/v1/events/batch", &batch).await.expect(207);
    let codes: Vec<&Value> =
        reply.body["results"].as_array().expect("results").iter().map(|result| &result["error"]["code"]).collect();
    let refused = &json!("run_cancelled");
    assert_eq!(codes, [&Value::Null, refused, refused, refused], "{reply:?}");
    let atomic = json!({"events": [event(other), event(json!({}))], "atomic": true});
    let reply = lab.post("/api/v1/events/batch", &atomic).await;
    assert!(reply.status >= 400 && reply.raw.contains("run_cancelled"), "{reply:?}");
    assert_eq!(counts(&lab, "run-2").await, counted(1, 0, 0, 0, 0));

    let enqueue = "select eventlease.enqueue('dialogue', 'e', '1', scenario_run_id => 'run-1')";
    let error = sqlx::query(enqueue).execute(&lab.db).await.expect_err("it is cancelled");
    let error = error.into_database_error().expect("PostgreSQL's own word");
    assert_eq!(error.message(), "scenario_run_id: the scenario run is cancelled");
    assert_eq!(error.code().as_deref(), Some("55000"));
    assert_eq!(counts(&lab, "run-1").await, counted(0, 0, 0, 0, 1));

    let reopened = change(&lab, "run-1", "reopen").await.expect(200);
    assert_eq!(reopened.body, json!({"scenario_run_id": "run-1", "reopened": true}));
    assert_eq!(change(&lab, "run-1", "reopen").await.expect(200).body["reopened"], false);
    assert_eq!(run(&lab, "run-1").await["status"], "idle");
    // Its key was given back when it was refused.
    send(&lab, keyed).await.expect(201);
    sqlx::query(enqueue).execute(&lab.db).await.expect("it is open");
    let queued: Vec<String> =
        sqlx::query_scalar("select scenario_run_id from eventlease.event_queue where scenario_run_id = 'run-1'")
            .fetch_all(&lab.db)
            .await
            .expect("rows");
    assert_eq!(queued.len(), 2, "what comes from SQL is of its run, too");
    let audit = lab.get("/api/v1/audit?action=reopen_scenario_run").await.expect(200).body["items"].clone();
    assert_eq!((audit.as_array().map(Vec::len), &audit[0]["subject"]), (Some(1), &json!("run-1")));
}

#[tokio::test]
async fn what_is_in_flight_when_a_run_is_cancelled_completes_or_ends_as_cancelled() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let mut leased = Vec::new();
    for _ in 0..3 {
        of_run(&lab, "run-1", json!({})).await;
        leased.push(lab.lease_one("dialogue", &engine).await);
    }
    assert_eq!(change(&lab, "run-1", "cancel").await.expect(200).body, json!({"cancelled": 0, "cancel_requested": 3}));
    let cancelled = run(&lab, "run-1").await;
    assert_eq!((&cancelled["status"], &cancelled["counts"]), (&json!("cancelled"), &counted(0, 3, 0, 0, 0)));
    lab.settle(&leased[0], "completed", json!({})).await.expect(200);
    lab.settle(&leased[1], "failed", json!({})).await.expect(200);
    let lost = leased[2]["event_id"].as_str().expect("an id");
    lab.expire(lost).await;
    lab.wait_for_status(lost, "cancelled").await;
    assert_eq!(counts(&lab, "run-1").await, counted(0, 0, 1, 0, 2));
}

#[tokio::test]
async fn dead_letters_of_a_cancelled_run_are_not_redriven() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let mut letters = Vec::new();
    for run in ["run-1", "run-1", "run-2"] {
        letters.push(of_run(&lab, run, json!({})).await);
        let leased = lab.lease_one("dialogue", &engine).await;
        lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
    }
    change(&lab, "run-1", "cancel").await.expect(200);
    let redrive = format!("/api/v1/dead-letters/{}/redrive", letters[0]);
    for body in [json!({}), json!({"payload": 2})] {
        let refused = lab.post(&redrive, &body).await.problem(409, "run_cancelled");
        assert_eq!(refused.text("scenario_run_id"), "run-1");
    }
    let many = lab.post("/api/v1/dead-letters/redrive", &json!({"all": true})).await.expect(200);
    assert_eq!(
        many.body,
        json!({"matched": 3, "redriven": 1, "remaining": 2, "skipped": {"run_cancelled": 2, "unique_key_held": 0}, "event_ids": [letters[2]]})
    );
    change(&lab, "run-1", "reopen").await.expect(200);
    lab.post(&redrive, &json!({})).await.expect(200);
}

#[tokio::test]
async fn a_cancel_waits_for_a_transaction_that_enqueues_into_its_run_and_keeps_others_waiting_for_a_moment_only() {
    let lab = Lab::start().await;
    // The transaction makes no queue, for which others would wait.
    send(&lab, json!({"scenario_run_id": "run-2"})).await.expect(201);
    let mut connection = lab.db.acquire().await.expect("a connection");
    let mut transaction = connection.begin().await.expect("a transaction");
    let enqueue = "select eventlease.enqueue('dialogue', 'e', '1', scenario_run_id => 'run-1')";
    sqlx::query(enqueue).execute(&mut *transaction).await.expect("enqueued");
    let cancel = tokio::spawn(Reply::of(lab.request("POST", "/api/v1/scenario-runs/run-1/cancel")));
    lab.wait_for_a_blocked_server().await;
    // It is not cancelled yet.
    send(&lab, json!({})).await.expect(201);
    transaction.commit().await.expect("committed");
    assert_eq!(cancel.await.expect("a reply").expect(200).body["cancelled"], 2);
    assert_eq!(counts(&lab, "run-1").await, counted(0, 0, 0, 0, 2));
}

#[tokio::test]
async fn a_transaction_whose_snapshot_is_older_than_the_cancel_adds_nothing_to_the_run() {
    let lab = Lab::start().await;
    let mut connection = lab.db.acquire().await.expect("a connection");
    for level in ["repeatable read", "serializable"] {
        let mut transaction = connection.begin().await.expect("a transaction");
        let snapshot = format!("set transaction isolation level {level}; select count(*) from eventlease.queues");
        sqlx::raw_sql(sqlx::AssertSqlSafe(snapshot)).execute(&mut *transaction).await.expect("a snapshot");
        let enqueue =
            |run: &str| format!("select eventlease.enqueue('dialogue', 'e', '1', scenario_run_id => '{run}')");
        let other = sqlx::AssertSqlSafe(enqueue("run-2"));
        sqlx::query(other).execute(&mut *transaction).await.expect("another run");
        change(&lab, "run-1", "cancel").await.expect(200);
        let late = sqlx::AssertSqlSafe(enqueue("run-1"));
        let error = sqlx::query(late).execute(&mut *transaction).await.expect_err("it is cancelled");
        assert_eq!(error.into_database_error().expect("PostgreSQL's own word").code().as_deref(), Some("40001"));
        transaction.rollback().await.expect("an end");
        change(&lab, "run-1", "reopen").await.expect(200);
        // Nothing is left of what it wrote.
        assert_eq!(lab.get("/api/v1/scenario-runs").await.expect(200).body["items"], json!([]));
    }
}

#[tokio::test]
async fn a_cancel_of_many_events_goes_in_steps_and_one_that_was_cut_off_is_carried_on_with() {
    let lab = Lab::start().await;
    for name in ["run-1", "run-2"] {
        for _ in 0..2 {
            let events: Vec<Value> = (0..600).map(|_| event(json!({"scenario_run_id": name}))).collect();
            lab.post("/api/v1/events/batch", &json!({"events": events})).await.expect(201);
        }
    }
    assert_eq!(change(&lab, "run-1", "cancel").await.expect(200).body["cancelled"], 1200);
    let audit = lab.get("/api/v1/audit?action=cancel_scenario_run").await.expect(200).body["items"].clone();
    let subjects: Vec<&Value> = audit.as_array().expect("items").iter().map(|entry| &entry["subject"]).collect();
    assert_eq!(subjects, vec!["run-1"; 4], "one when it is marked, and one a step");

    // The call ended after its first commit.
    lab.sql(
        "insert into eventlease.scenario_runs (scenario_run_id, cancelled_at)
         values ('run-2', statement_timestamp() - interval '9 seconds')",
    )
    .await;
    assert_eq!(lab.broker().carry_on_with_cancels().await.expect("a round"), 0, "its call may still be at work");
    lab.sql("update eventlease.scenario_runs set cancelled_at = cancelled_at - interval '9 seconds'").await;
    lab.broker().carry_on_with_cancels().await.expect("a round");
    assert_eq!(counts(&lab, "run-2").await, counted(0, 0, 0, 0, 1200));
    assert_eq!(lab.broker().carry_on_with_cancels().await.expect("a round"), 0);
}
