//! `POST /events/reschedule`: queued events become due at another time, or get another priority.

use serde_json::{Value, json};

use crate::support::{Lab, Reply};

async fn reschedule(lab: &Lab, body: &Value) -> Reply {
    lab.post("/api/v1/events/reschedule", body).await
}

/// Seconds until the event, which is open, is due.
async fn due_in(lab: &Lab, event_id: &str) -> i64 {
    sqlx::query_scalar(
        "select floor(extract(epoch from available_at - statement_timestamp()))::bigint
         from eventlease.open_events where event_id = $1::uuid",
    )
    .bind(event_id)
    .fetch_one(&lab.db)
    .await
    .expect("it is open")
}

/// In an hour, by the database's clock.
async fn in_an_hour(lab: &Lab) -> String {
    sqlx::query_scalar(
        "select to_char(now() at time zone 'UTC' + interval '1 hour', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
    )
    .fetch_one(&lab.db)
    .await
    .expect("a time")
}

#[tokio::test]
async fn queued_events_are_rescheduled_by_a_filter_after_a_dry_run() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let ours = lab.enqueue("dialogue", json!({"scenario_run_id": "run-1", "priority": 9})).await;
    let held = lab.lease_one("dialogue", &engine).await;
    assert_eq!(held["event_id"], ours.as_str());
    let mut queued = Vec::new();
    for _ in 0..3 {
        queued.push(lab.enqueue("dialogue", json!({"scenario_run_id": "run-1"})).await);
    }
    let other = lab.enqueue("chess", json!({"scenario_run_id": "run-2", "event_type": "chess.moved"})).await;

    let filter = json!({"scenario_run_id": "run-1"});
    let dry = reschedule(&lab, &json!({"filter": filter, "delay_seconds": 600, "dry_run": true})).await.expect(200);
    assert_eq!(dry.body, json!({"matched": 3, "rescheduled": 0, "remaining": 3}));
    let wrong = json!({"filter": filter, "delay_seconds": 600, "expected_count": 4});
    let refused = reschedule(&lab, &wrong).await.problem(409, "count_changed");
    assert_eq!(refused.body["actual_count"], 3);
    assert!(due_in(&lab, &queued[0]).await <= 0);

    let done =
        reschedule(&lab, &json!({"filter": filter, "delay_seconds": 600, "limit": 2, "expected_count": 3})).await;
    assert_eq!(done.expect(200).body, json!({"matched": 3, "rescheduled": 2, "remaining": 1}));
    assert!(due_in(&lab, &queued[0]).await > 500 && due_in(&lab, &queued[1]).await > 500, "the oldest first");
    assert!(due_in(&lab, &queued[2]).await <= 0 && due_in(&lab, &other).await <= 0);

    for (filter, matched) in [
        (json!({"engine_type": "dialogue"}), 3),
        (json!({"event_type": "chess.moved"}), 1),
        (json!({"engine_type": "dialogue", "event_type": "chess.moved"}), 0),
        (json!({"event_ids": [queued[0], other, ours, crate::support::unknown_id()]}), 2),
        (json!({"event_ids": [queued[0], other], "engine_type": "chess"}), 1),
        (json!({"event_ids": []}), 0),
        (json!({"scenario_run_id": 7}), 0),
    ] {
        let reply = reschedule(&lab, &json!({"filter": filter, "priority": 1, "dry_run": true})).await.expect(200);
        assert_eq!(reply.body["matched"], matched, "{filter}");
    }
    let all = reschedule(&lab, &json!({"all": true, "available_at": "2020-01-01T00:00:00Z"})).await.expect(200);
    assert_eq!(all.body, json!({"matched": 2, "rescheduled": 2, "remaining": 0}), "two are due already");
    let later = json!({"all": true, "available_at": "2100-01-01T00:00:00Z", "limit": 3});
    let refused = reschedule(&lab, &later).await.problem(422, "invalid_input");
    assert_eq!(refused.places(), ["/available_at"]);
    let later = json!({"all": true, "available_at": in_an_hour(&lab).await, "limit": 3});
    for (matched, rescheduled) in [(4, 3), (1, 1), (0, 0)] {
        let reply = reschedule(&lab, &later).await.expect(200);
        let expected = json!({"matched": matched, "rescheduled": rescheduled, "remaining": matched - rescheduled});
        assert_eq!(reply.body, expected, "repeated, it goes on");
    }
    let audit = lab.get("/api/v1/audit?action=reschedule_events").await.expect(200).body["items"].clone();
    assert_eq!(audit.as_array().map(Vec::len), Some(4), "{audit}");
    assert_eq!(audit[3]["details"]["events"], 2);
}

#[tokio::test]
async fn a_poll_that_waits_gets_an_event_that_is_rescheduled_to_now_by_another_replica() {
    let mut lab = Lab::start_with(&["--recheck-interval-ms", "5000"]).await;
    lab.start_replica(&["--recheck-interval-ms", "5000"]).await;
    let replica = lab.start_replica(&["--recheck-interval-ms", "5000"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({"delay_seconds": 3600, "priority": 1})).await;
    let path = format!("/api/v1/events/queue/dialogue?wait_seconds=20&engine_id={engine}");
    let poll = tokio::spawn(Reply::of(lab.request("GET", &path)));
    lab.wait_for_parked_polls(1).await;
    let body = json!({"filter": {"event_ids": [event_id]}, "delay_seconds": 0, "priority": 8});
    let reply = Reply::of(crate::support::client().post(format!("{replica}/api/v1/events/reschedule")).json(&body))
        .await
        .expect(200);
    assert_eq!(reply.body["rescheduled"], 1);
    let events = poll.await.expect("a reply").expect(200).body["events"].clone();
    assert_eq!((&events[0]["event_id"], &events[0]["priority"]), (&json!(event_id), &json!(8)));
}

#[tokio::test]
async fn events_that_somebody_has_locked_are_passed_over_and_remain() {
    let lab = Lab::start().await;
    let (locked, free) = (lab.enqueue("dialogue", json!({})).await, lab.enqueue("dialogue", json!({})).await);
    let mut claim = lab.db.begin().await.expect("a transaction");
    sqlx::query("select from eventlease.event_queue where event_id = $1::uuid for update")
        .bind(&locked)
        .execute(&mut *claim)
        .await
        .expect("locked");
    let reply = reschedule(&lab, &json!({"all": true, "delay_seconds": 600})).await.expect(200);
    assert_eq!(reply.body, json!({"matched": 2, "rescheduled": 1, "remaining": 1}));
    claim.rollback().await.expect("unlocked");
    assert!(due_in(&lab, &locked).await <= 0 && due_in(&lab, &free).await > 500);
}

#[tokio::test]
async fn what_is_wrong_is_named_all_at_once() {
    let lab = Lab::start().await;
    for (body, places) in [
        (json!({}), &["/delay_seconds", "/filter"][..]),
        (json!({"all": false, "priority": 10}), &["/all", "/priority"]),
        (json!({"all": true, "filter": {"event_type": "e"}, "delay_seconds": 1}), &["/all"]),
        (json!({"filter": {}, "delay_seconds": 31_536_001}), &["/delay_seconds", "/filter"]),
        (json!({"all": true, "delay_seconds": 1, "available_at": "2030-01-01T00:00:00Z"}), &["/available_at"]),
        (json!({"all": true, "available_at": "tomorrow", "limit": 10_001}), &["/available_at", "/limit"]),
        (
            json!({"filter": {"engine_type": "a b", "x": 1, "event_ids": ["y"]}, "priority": 1}),
            &["/filter/engine_type", "/filter/event_ids/0", "/filter/x"],
        ),
        (json!({"all": true, "available_at": "2999-01-01T00:00:00Z"}), &["/available_at"]),
    ] {
        let reply = reschedule(&lab, &body).await.problem(422, "invalid_input");
        assert_eq!(reply.places(), places, "{body}");
    }
    let ids: Vec<String> = (0..1001).map(|_| crate::support::unknown_id()).collect();
    let reply = reschedule(&lab, &json!({"filter": {"event_ids": ids}, "priority": 1})).await;
    assert_eq!(reply.problem(422, "invalid_input").places(), ["/filter/event_ids"]);
}
