//! Who is given which events, how many, in which order, and for how long.

use std::collections::HashSet;
use std::sync::Mutex;

use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Lab, PATIENCE, unknown_id};

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

async fn enqueue_many(lab: &Lab, engine_type: &str, count: usize) -> HashSet<String> {
    let event = json!({"engine_type": engine_type, "event_type": "test.happened", "payload": {}});
    let reply = lab.post("/api/v1/events/batch", &json!({"events": vec![event; count]})).await.expect(201);
    reply.body["results"].as_array().expect("a list").iter().map(|result| text(&result["event_id"])).collect()
}

/// Enqueues as a producer does that writes to the tables itself: due for an hour already.
const INSERT_BEHIND: &str = "
    with made as (select eventlease.new_event_id(statement_timestamp(), 0) as event_id),
    fact as (
        insert into eventlease.events (event_id, engine_type, event_type, payload, payload_bytes, priority, created_at)
        select event_id, 'dialogue', 'test.happened', '{}', 2, 5, statement_timestamp() from made
    )
    insert into eventlease.event_queue (event_id, engine_type, event_type, priority, available_at, payload_bytes)
    select event_id, 'dialogue', 'test.happened', 5, statement_timestamp() - interval '1 hour', 2 from made
    returning event_id";

#[tokio::test]
async fn events_come_by_priority_then_by_the_time_they_became_due_then_by_id() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let mut expected = Vec::new();
    // Enqueued in the reverse of the order wanted.
    for (priority, minutes_due) in [(0, 9), (5, 1), (5, 1), (5, 3), (9, 1), (9, 2)] {
        let event_id = lab.enqueue("dialogue", json!({"priority": priority})).await;
        lab.sql(&format!(
            "update eventlease.event_queue
             set available_at = timestamptz '2026-01-01 00:00Z' - interval '{minutes_due} minutes'
             where event_id = '{event_id}'"
        ))
        .await;
        expected.push(event_id);
    }
    expected.reverse();
    // The two that differ only by id: the older id comes first.
    expected.swap(3, 4);
    let reply = lab.poll("dialogue", &engine, "limit=100").await.expect(200);
    assert_eq!(reply.event_ids(), expected);
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.body["notice"], Value::Null);
}

#[tokio::test]
async fn a_poll_gets_as_many_as_it_asks_for_and_three_where_it_does_not_say() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    enqueue_many(&lab, "dialogue", 10).await;
    assert_eq!(lab.poll("dialogue", &engine, "limit=2").await.expect(200).event_ids().len(), 2);
    assert_eq!(lab.poll("dialogue", &engine, "").await.expect(200).event_ids().len(), 3);
    assert_eq!(lab.poll("dialogue", &engine, "limit=100").await.expect(200).event_ids().len(), 5);
}

#[tokio::test]
async fn a_delayed_event_is_not_given_before_its_time() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({"delay_seconds": 3600})).await;
    let due_now = lab.enqueue("dialogue", json!({"available_at": "2001-01-01T00:00:00Z"})).await;
    assert_eq!(lab.poll("dialogue", &engine, "limit=9").await.expect(200).event_ids(), [due_now]);
    assert_eq!(lab.event(&event_id).await["status"], "queued");
    lab.make_due(&event_id).await;
    assert_eq!(lab.lease_one("dialogue", &engine).await["event_id"], event_id);
}

#[tokio::test]
async fn twenty_polls_of_one_engine_on_two_replicas_never_hold_more_than_its_limit() {
    let mut lab = Lab::start().await;
    let replica = lab.start_replica(&[]).await;
    let limit = json!({"metadata": {"static_config": {"resource_limits": {"max_concurrent_events": 5}}}});
    let engine = lab.register("dialogue", limit).await;
    enqueue_many(&lab, "dialogue", 12).await;
    let mut completed = 0;
    for held in [5, 5, 2] {
        let polls = (0..20).map(|n| {
            let url = if n % 2 == 0 { &lab.url } else { &replica };
            lab.poll_at(url, "dialogue", &engine, "limit=3")
        });
        let replies = join_all(polls).await;
        let leased: Vec<Value> =
            replies.iter().flat_map(|reply| reply.body["events"].as_array().expect("a list").clone()).collect();
        assert_eq!(leased.len(), held);
        let engine = lab.get(&format!("/api/v1/engines/{engine}")).await.expect(200);
        assert_eq!(engine.body["leases_held"], held);
        for event in &leased {
            lab.settle(event, "completed", json!({})).await.expect(200);
            completed += 1;
        }
    }
    assert_eq!(completed, 12);
}

#[tokio::test]
async fn a_reply_stops_before_four_mebibytes_but_has_at_least_one_event() {
    let lab = Lab::start_with(&["--max-payload-bytes", "6000000"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({"payload": "x".repeat(5_000_000)})).await;
    for _ in 0..5 {
        lab.enqueue("dialogue", json!({"payload": "x".repeat(1_000_000)})).await;
    }
    for expected in [1, 4, 1, 0] {
        assert_eq!(lab.poll("dialogue", &engine, "limit=100").await.expect(200).event_ids().len(), expected);
    }
}

#[tokio::test]
async fn who_does_not_say_who_it_is_gets_an_anonymous_lease() {
    let lab = Lab::start().await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.get("/api/v1/events/queue/dialogue").await.expect(200).body["events"][0].clone();
    assert_eq!(leased["lease"]["lock"], "processing_by_anonymous");
    assert_eq!(leased["lease"]["leased_by"], Value::Null);
    let event = lab.event(&event_id).await;
    assert_eq!((&event["status"], &event["lock"]), (&json!("processing"), &json!("processing_by_anonymous")));
    lab.settle(&leased, "completed", json!({})).await.expect(200);
}

#[tokio::test]
async fn an_unknown_engine_and_one_of_another_type_are_refused() {
    let lab = Lab::start().await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let engine = lab.register("vision", json!({})).await;
    lab.poll("dialogue", &unknown_id(), "").await.problem(404, "engine_not_found");
    let refused = lab.poll("dialogue", &engine, "wait_seconds=30").await.problem(409, "engine_type_mismatch");
    assert_eq!(refused.body["engine_type"], "vision");
    assert_eq!(lab.event(&event_id).await["attempt"], 0);
}

#[tokio::test]
async fn the_polls_visibility_timeout_goes_before_the_events_and_that_before_the_servers() {
    let lab = Lab::start_with(&["--visibility-timeout-seconds", "120"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    for (own, query, expected) in [(None, "", 120), (Some(60), "", 60), (Some(60), "visibility_timeout_seconds=30", 30)]
    {
        lab.enqueue("dialogue", json!({"visibility_timeout_seconds": own})).await;
        let leased = lab.poll("dialogue", &engine, query).await.expect(200).body["events"][0]["lease"].clone();
        assert_eq!(leased["visibility_timeout_seconds"], expected);
        let left = leased["expires_in_seconds"].as_f64().expect("a number");
        assert!(left > 0.0 && left <= f64::from(expected), "{leased}");
    }
}

#[tokio::test]
async fn an_engine_is_told_what_is_left_of_both_budgets_and_how_the_attempt_before_ended() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let policy = json!({"max_retries": 1, "dead_letter_threshold": 2});
    let event_id = lab.enqueue("dialogue", json!({"retry_policy": policy})).await;
    let told = |leased: &Value| {
        ["attempt", "max_attempts", "retries_left", "losses_left"]
            .map(|member| leased[member].as_i64().expect("a number"))
    };
    let first = lab.lease_one("dialogue", &engine).await;
    assert_eq!((told(&first), &first["previous"]), ([1, 2, 1, 2], &Value::Null));
    let error = json!({"type": "Timeout", "message": "no answer", "details": {"after": 1.50}});
    lab.settle(&first, "failed", json!({"error": error})).await.expect(200);
    lab.make_due(&event_id).await;

    let second = lab.lease_one("dialogue", &engine).await;
    assert_eq!(told(&second), [2, 2, 0, 2]);
    assert_eq!((&second["previous"]["outcome"], &second["previous"]["error"]), (&json!("failed"), &error));
    lab.settle(&second, "processing", json!({"progress": {"page": 7}})).await.expect(200);
    lab.expire(&event_id).await;
    lab.wait_for_status(&event_id, "queued").await;

    let third = lab.lease_one("dialogue", &engine).await;
    assert_eq!(told(&third), [3, 3, 0, 1]);
    assert_eq!(
        (&third["previous"]["outcome"], &third["previous"]["progress"]),
        (&json!("expired"), &json!({"page": 7}))
    );
}

#[tokio::test]
async fn many_engines_on_two_replicas_are_given_every_event_exactly_once() {
    let mut lab = Lab::start().await;
    let replica = lab.start_replica(&[]).await;
    let events = enqueue_many(&lab, "dialogue", 300).await;
    let engines = join_all((0..8).map(|_| lab.register("dialogue", json!({})))).await;
    let given = Mutex::new(Vec::new());
    let count = || given.lock().expect("unharmed").len();
    let started = tokio::time::Instant::now();
    join_all(engines.iter().enumerate().map(async |(n, engine)| {
        let url = if n % 2 == 0 { &lab.url } else { &replica };
        while count() < events.len() && started.elapsed() < PATIENCE {
            let reply = lab.poll_at(url, "dialogue", engine, "limit=7&wait_seconds=1").await.expect(200);
            given.lock().expect("unharmed").extend(reply.event_ids());
        }
    }))
    .await;
    assert_eq!(count(), events.len());
    assert_eq!(given.into_inner().expect("unharmed").into_iter().collect::<HashSet<_>>(), events);
}

#[tokio::test]
async fn what_lands_behind_the_edge_of_the_scan_is_found() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let mut late = lab.db.begin().await.expect("a transaction");
    let committed_late: Uuid = sqlx::query_scalar(INSERT_BEHIND).fetch_one(&mut *late).await.expect("an id");
    lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &engine).await;

    let due_long_ago: Uuid = sqlx::query_scalar(INSERT_BEHIND).fetch_one(&lab.db).await.expect("an id");
    let found = lab.poll("dialogue", &engine, "wait_seconds=20").await.expect(200);
    assert_eq!(found.event_ids(), [due_long_ago.to_string()]);

    late.commit().await.expect("a commit");
    let found = lab.poll("dialogue", &engine, "wait_seconds=20").await.expect(200);
    assert_eq!(found.event_ids(), [committed_late.to_string()]);
}
