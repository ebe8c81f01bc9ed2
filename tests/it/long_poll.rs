//! Waiting for events: what ends a wait, and what does not.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{Lab, Reply};

/// Without a wake-up, a parked poll is served by the next recheck, 3.75 s after the last one at the earliest. So rounds
/// that together stay below their number times that were ended by wake-ups.
const RARE_RECHECK: [&str; 2] = ["--recheck-interval-ms", "5000"];
const EARLIEST_RECHECK: Duration = Duration::from_millis(3750);
const ROUNDS: u32 = 8;
const ROUNDS_WITHOUT_WAKING: Duration = Duration::from_secs(30);

fn one_event_at_a_time() -> Value {
    json!({"metadata": {"static_config": {"resource_limits": {"max_concurrent_events": 1}}}})
}

/// A poll under way, independent of the lab.
fn start_poll(lab: &Lab, engine: &str) -> tokio::task::JoinHandle<Reply> {
    let request = lab.request("GET", "/api/v1/events/queue/dialogue?wait_seconds=30").header("x-engine-id", engine);
    tokio::spawn(Reply::of(request))
}

#[tokio::test]
async fn an_event_that_is_enqueued_ends_the_wait() {
    let lab = Lab::start_with(&RARE_RECHECK).await;
    let engine = lab.register("dialogue", json!({})).await;
    let started = Instant::now();
    for _ in 0..ROUNDS {
        let poll = start_poll(&lab, &engine);
        lab.wait_for_parked_polls(1).await;
        let event_id = lab.enqueue("dialogue", json!({})).await;
        let reply = poll.await.expect("a reply").expect(200);
        assert_eq!(reply.body["events"][0]["event_id"], event_id);
    }
    assert!(started.elapsed() < ROUNDS_WITHOUT_WAKING);
}

#[tokio::test]
async fn a_delayed_event_ends_the_wait_when_it_becomes_due_and_not_before() {
    let lab = Lab::start_with(&RARE_RECHECK).await;
    let engine = lab.register("dialogue", json!({})).await;
    let mut rounds = Vec::new();
    for _ in 0..2 {
        let poll = start_poll(&lab, &engine);
        lab.wait_for_parked_polls(1).await;
        let enqueued = Instant::now();
        let event_id = lab.enqueue("dialogue", json!({"delay_seconds": 1})).await;
        let reply = poll.await.expect("a reply").expect(200);
        rounds.push(enqueued.elapsed());
        assert_eq!(reply.body["events"][0]["event_id"], event_id);
    }
    assert!(rounds.iter().all(|round| *round >= Duration::from_secs(1)), "{rounds:?}");
    assert!(rounds.iter().all(|round| *round < EARLIEST_RECHECK), "{rounds:?}");
}

#[tokio::test]
async fn a_settlement_that_frees_capacity_ends_the_wait() {
    let lab = Lab::start_with(&RARE_RECHECK).await;
    let engine = lab.register("dialogue", one_event_at_a_time()).await;
    for _ in 0..=ROUNDS {
        lab.enqueue("dialogue", json!({})).await;
    }
    let mut held = lab.lease_one("dialogue", &engine).await;
    let started = Instant::now();
    for _ in 0..ROUNDS {
        let poll = start_poll(&lab, &engine);
        lab.wait_for_parked_polls(1).await;
        lab.settle(&held, "completed", json!({})).await.expect(200);
        held = poll.await.expect("a reply").expect(200).body["events"][0].clone();
        assert!(held.is_object());
    }
    assert!(started.elapsed() < ROUNDS_WITHOUT_WAKING);
}

#[tokio::test]
async fn an_engine_at_capacity_leaves_the_wake_up_to_one_that_can_take_the_event() {
    let lab = Lab::start_with(&RARE_RECHECK).await;
    let (full, free) =
        (lab.register("dialogue", one_event_at_a_time()).await, lab.register("dialogue", json!({})).await);
    lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &full).await;
    let waiting = start_poll(&lab, &full);
    lab.wait_for_parked_polls(1).await;
    let started = Instant::now();
    for _ in 0..ROUNDS / 2 {
        let poll = start_poll(&lab, &free);
        lab.wait_for_parked_polls(2).await;
        let event_id = lab.enqueue("dialogue", json!({})).await;
        assert_eq!(poll.await.expect("a reply").expect(200).body["events"][0]["event_id"], event_id);
    }
    assert!(started.elapsed() < ROUNDS_WITHOUT_WAKING / 2);
    waiting.abort();
}

/// What is known of its queue and of it, from the polls before, does not say so.
#[tokio::test]
async fn an_engine_at_capacity_is_told_so_where_its_queue_was_just_seen_empty() {
    let lab = Lab::start().await;
    let (idle, full) =
        (lab.register("dialogue", json!({})).await, lab.register("dialogue", one_event_at_a_time()).await);
    lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &full).await;
    assert_eq!(lab.poll("dialogue", &idle, "").await.expect(200).body["events"], json!([]));
    let reply = lab.poll("dialogue", &full, "wait_seconds=1").await.expect(200);
    assert_eq!(reply.body["notice"]["code"], "engine_at_capacity", "{reply:?}");
}

#[tokio::test]
async fn an_empty_answer_waits_out_its_time_whatever_the_cause() {
    let lab = Lab::start().await;
    let idle = lab.register("dialogue", json!({})).await;
    let full = lab.register("dialogue", one_event_at_a_time()).await;
    let draining = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &full).await;
    lab.post(&format!("/api/v1/engines/{draining}/drain"), &json!({})).await.expect(200);
    let waits = [
        (&idle, Value::Null, Value::Null),
        (&full, json!("engine_at_capacity"), json!(1)),
        (&draining, json!("engine_draining"), json!(0)),
    ];
    join_all(waits.map(async |(engine, notice, held)| {
        let started = Instant::now();
        let reply = lab.poll("dialogue", engine, "wait_seconds=1").await.expect(200);
        assert!(started.elapsed() >= Duration::from_secs(1), "{reply:?}");
        assert_eq!(reply.body["events"], json!([]));
        assert_eq!((&reply.body["notice"]["code"], &reply.body["notice"]["held"]), (&notice, &held));
        if !notice.is_null() {
            assert!(reply.body["notice"]["detail"].is_string(), "{reply:?}");
            assert!(reply.body["notice"]["retry_after_seconds"].is_u64(), "{reply:?}");
        }
        // Without a wait the same is said at once.
        assert_eq!(lab.poll("dialogue", engine, "").await.expect(200).body["notice"]["code"], notice);
    }))
    .await;
}

#[tokio::test]
async fn an_engine_that_is_told_to_drain_is_told_so_while_it_waits() {
    let lab = Lab::start_with(&RARE_RECHECK).await;
    let engine = lab.register("dialogue", json!({})).await;
    let started = Instant::now();
    let poll = start_poll(&lab, &engine);
    lab.wait_for_parked_polls(1).await;
    lab.post(&format!("/api/v1/engines/{engine}/drain"), &json!({})).await.expect(200);
    let reply = poll.await.expect("a reply").expect(200);
    assert_eq!(reply.body["notice"]["code"], "engine_draining");
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn a_server_that_stops_answers_parked_polls_first() {
    let mut lab = Lab::start().await;
    let engines = [lab.register("dialogue", json!({})).await, lab.register("dialogue", json!({})).await];
    let started = Instant::now();
    let polls = engines.each_ref().map(|engine| start_poll(&lab, engine));
    lab.wait_for_parked_polls(2).await;
    lab.stop().await;
    for poll in polls {
        let reply = poll.await.expect("a reply").expect(200);
        assert_eq!((&reply.body["events"], &reply.body["notice"]["code"]), (&json!([]), &json!("server_stopping")));
    }
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn no_event_goes_to_a_caller_that_has_hung_up() {
    let lab = Lab::start().await;
    let (gone, other) = (lab.register("dialogue", json!({})).await, lab.register("dialogue", json!({})).await);
    let poll = start_poll(&lab, &gone);
    lab.wait_for_parked_polls(1).await;
    poll.abort();
    lab.wait_for_parked_polls(0).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &other).await;
    assert_eq!((&leased["event_id"], &leased["attempt"]), (&json!(event_id), &json!(1)));
}

#[tokio::test]
async fn a_settlement_that_makes_room_in_the_queue_ends_another_engines_wait() {
    let lab = Lab::start_with(&RARE_RECHECK).await;
    let engines = [lab.register("dialogue", json!({})).await, lab.register("dialogue", json!({})).await];
    let limited = lab.request("PATCH", "/api/v1/queues/dialogue").json(&json!({"max_processing": 1}));
    Reply::of(limited).await.expect(200);
    for _ in 0..=ROUNDS {
        lab.enqueue("dialogue", json!({})).await;
    }
    let mut held = lab.lease_one("dialogue", &engines[0]).await;
    let started = Instant::now();
    for round in 0..ROUNDS as usize {
        let poll = start_poll(&lab, &engines[(round + 1) % 2]);
        lab.wait_for_parked_polls(1).await;
        lab.settle(&held, "completed", json!({})).await.expect(200);
        held = poll.await.expect("a reply").expect(200).body["events"][0].clone();
        assert!(held.is_object());
    }
    assert!(started.elapsed() < ROUNDS_WITHOUT_WAKING);
}
