//! `PATCH /events/{event_id}` and `POST /events/cancel`: one queued event, and many.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{Lab, Reply, unknown_id};

async fn change(lab: &Lab, event_id: &str, body: &Value) -> Reply {
    Reply::of(lab.request("PATCH", &format!("/api/v1/events/{event_id}")).json(body)).await
}

#[tokio::test]
async fn a_queued_event_becomes_due_and_gets_another_priority() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let later = lab.enqueue("dialogue", json!({"delay_seconds": 3600})).await;
    lab.enqueue("dialogue", json!({"priority": 8})).await;
    let changed =
        change(&lab, &later, &json!({"priority": 9, "available_at": "2020-01-01T00:00:00Z"})).await.expect(200);
    assert_eq!((&changed.body["priority"], &changed.body["status"]), (&json!(9), &json!("queued")));
    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!(leased["event_id"], later.as_str());
    let actions = lab.get("/api/v1/audit?action=change_event").await.expect(200).body["items"].clone();
    assert_eq!((&actions[0]["subject"], &actions[0]["details"]["engine_type"]), (&json!(later), &json!("dialogue")));

    let refused = change(&lab, &later, &json!({"priority": 1})).await.problem(409, "event_not_queued");
    assert_eq!(refused.body["event_status"], "processing");
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    let refused = change(&lab, &later, &json!({"priority": 1})).await.problem(409, "event_not_queued");
    assert_eq!(refused.body["event_status"], "completed");
    change(&lab, &unknown_id(), &json!({"priority": 1})).await.problem(404, "event_not_found");
}

/// Without a wake-up it would be the next recheck that serves the poll, 3.75 s after the last one at the earliest. So rounds that
/// together stay below their number times that were ended by wake-ups.
#[tokio::test]
async fn a_waiting_poll_gets_an_event_that_is_due_now() {
    let lab = Lab::start_with(&["--recheck-interval-ms", "5000"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    let started = Instant::now();
    for _ in 0..8 {
        let event_id = lab.enqueue("dialogue", json!({"delay_seconds": 3600})).await;
        let poll = lab.request("GET", "/api/v1/events/queue/dialogue?wait_seconds=30&limit=1");
        let poll = tokio::spawn(Reply::of(poll.header("x-engine-id", &engine)));
        lab.wait_for_parked_polls(1).await;
        change(&lab, &event_id, &json!({"available_at": "2020-01-01T00:00:00Z"})).await.expect(200);
        assert_eq!(poll.await.expect("a reply").expect(200).body["events"][0]["event_id"], json!(event_id));
    }
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn a_change_says_every_bad_place() {
    let lab = Lab::start().await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let bad = json!({"priority": 10, "available_at": "soon", "delay_seconds": 3});
    let places = change(&lab, &event_id, &bad).await.problem(422, "invalid_input").places();
    assert_eq!(places, ["/available_at", "/delay_seconds", "/priority"]);
    assert_eq!(change(&lab, &event_id, &json!({})).await.problem(422, "invalid_input").places(), [""]);
    let far = json!({"available_at": "2999-01-01T00:00:00Z", "priority": 1});
    assert_eq!(change(&lab, &event_id, &far).await.problem(422, "invalid_input").places(), ["/available_at"]);
    assert_eq!(lab.event(&event_id).await["priority"], 5, "nothing was changed");
}

#[tokio::test]
async fn queued_events_are_cancelled_by_a_filter_after_a_dry_run() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let held = lab.enqueue("dialogue", json!({"event_type": "a"})).await;
    lab.lease_one("dialogue", &engine).await;
    let mut queued = Vec::new();
    for _ in 0..3 {
        queued.push(
            lab.enqueue("dialogue", json!({"event_type": "a", "unique_key": format!("k{}", queued.len())})).await,
        );
    }
    let other = lab.enqueue("dialogue", json!({"event_type": "b"})).await;
    let cancel = async |more: Value| {
        let mut body = json!({"filter": {"engine_type": "dialogue", "event_type": "a"}});
        crate::support::merge(&mut body, more);
        lab.post("/api/v1/events/cancel", &body).await
    };
    let dry = cancel(json!({"dry_run": true})).await.expect(200);
    assert_eq!(dry.body, json!({"matched": 3, "cancelled": 0, "remaining": 3}));
    let refused = cancel(json!({"expected_count": 2})).await.problem(409, "count_changed");
    assert_eq!(refused.body["actual_count"], 3);
    assert_eq!(lab.event(&queued[0]).await["status"], "queued");
    let some = cancel(json!({"expected_count": 3, "limit": 2})).await.expect(200);
    assert_eq!(some.body, json!({"matched": 3, "cancelled": 2, "remaining": 1}));
    assert_eq!(lab.event(&queued[2]).await["status"], "queued", "the oldest first");
    assert_eq!(cancel(json!({})).await.expect(200).body, json!({"matched": 1, "cancelled": 1, "remaining": 0}));
    for event_id in &queued {
        assert_eq!(lab.event(event_id).await["status"], "cancelled");
    }
    assert_eq!(
        (lab.event(&held).await["status"].clone(), lab.event(&other).await["status"].clone()),
        (json!("processing"), json!("queued"))
    );
    lab.enqueue("dialogue", json!({"unique_key": "k0"})).await;
    let actions = lab.get("/api/v1/audit?action=cancel_events").await.expect(200).body["items"].clone();
    assert_eq!((&actions[0]["subject"], &actions[0]["details"]["events"]), (&json!("dialogue"), &json!(1)));
    for (body, place) in [
        (json!({}), "/filter"),
        (json!({"all": true, "filter": {"event_type": "a"}}), "/all"),
        (json!({"filter": {}}), "/filter"),
        (json!({"all": true, "limit": 0}), "/limit"),
    ] {
        let places = lab.post("/api/v1/events/cancel", &body).await.problem(422, "invalid_input").places();
        assert_eq!(places, [place], "{body}");
    }
}

/// While somebody else has an event's row, a change of it waits, and a cancel of many passes it over.
#[tokio::test]
async fn a_locked_event_is_waited_for_alone_and_passed_over_among_many() {
    let lab = Lab::start().await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let free = lab.enqueue("dialogue", json!({})).await;
    let mut blocker = lab.db.begin().await.expect("a transaction");
    let lock = "select from eventlease.event_queue where event_id = $1::uuid for update";
    sqlx::query(lock).bind(&event_id).execute(&mut *blocker).await.expect("the lock");
    let cancelled = lab.post("/api/v1/events/cancel", &json!({"all": true})).await.expect(200);
    assert_eq!(cancelled.body, json!({"matched": 2, "cancelled": 1, "remaining": 1}));
    assert_eq!(lab.event(&free).await["status"], "cancelled");
    let changed = async {
        lab.wait_for_a_blocked_server().await;
        blocker.rollback().await.expect("the end");
    };
    let body = json!({"priority": 9});
    let (reply, ()) = tokio::join!(change(&lab, &event_id, &body), changed);
    assert_eq!(reply.expect(200).body["priority"], 9);
}

/// Both wake whoever waits on another replica, by SQL's notification or its recheck.
#[tokio::test]
async fn what_one_replica_changes_another_one_leases() {
    let mut lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let replica = lab.start_replica(&[]).await;
    let event_id = lab.enqueue("dialogue", json!({"delay_seconds": 3600})).await;
    let poll = lab.request("GET", &format!("{replica}/api/v1/events/queue/dialogue?wait_seconds=20&limit=1"));
    let poll = tokio::spawn(Reply::of(poll.header("x-engine-id", &engine)));
    change(&lab, &event_id, &json!({"available_at": "2020-01-01T00:00:00Z"})).await.expect(200);
    assert_eq!(poll.await.expect("a reply").expect(200).body["events"][0]["event_id"], json!(event_id));
}
