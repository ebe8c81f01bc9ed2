//! Events with a silent loss travel alone, so that poison takes nothing else along.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Lab, Reply};

/// An event that was leased once and lost.
async fn make_suspect(lab: &Lab, engine: &str) -> String {
    let event_id = lab.enqueue("dialogue", json!({})).await;
    assert_eq!(lab.lease_one("dialogue", engine).await["event_id"], event_id);
    lab.lose(&event_id).await;
    event_id
}

/// Leases an event that has nothing to do with the suspect, which has waited for long enough then.
async fn hold_beside_overdue(lab: &Lab, engine: &str, suspect: &str) -> Value {
    let move_to = async |time: &str| {
        lab.sql(&format!(
            "update eventlease.event_queue set available_at = statement_timestamp() {time} where event_id = '{suspect}'"
        ))
        .await;
    };
    move_to("+ interval '1 hour'").await;
    lab.enqueue("dialogue", json!({})).await;
    let held = lab.lease_one("dialogue", engine).await;
    move_to("- interval '4 seconds'").await;
    held
}

#[tokio::test]
async fn a_suspect_is_the_only_event_of_its_reply_and_of_its_engine() {
    let lab = Lab::start().await;
    let (first, second) = (lab.register("dialogue", json!({})).await, lab.register("dialogue", json!({})).await);
    let suspect = make_suspect(&lab, &first).await;
    let normals = [lab.enqueue("dialogue", json!({})).await, lab.enqueue("dialogue", json!({})).await];

    let alone = lab.poll("dialogue", &first, "limit=10").await.expect(200);
    assert_eq!(alone.event_ids(), [suspect.as_str()]);
    let nothing_more = lab.poll("dialogue", &first, "limit=10").await.expect(200);
    assert_eq!(nothing_more.event_ids(), [""; 0]);
    assert_eq!(nothing_more.body["notice"]["code"], "engine_at_capacity");
    assert_eq!(nothing_more.body["notice"]["held"], 1);
    assert_eq!(lab.poll("dialogue", &second, "limit=10").await.expect(200).event_ids(), normals);

    lab.settle(&alone.body["events"][0], "completed", json!({})).await.expect(200);
    let next = lab.enqueue("dialogue", json!({})).await;
    assert_eq!(lab.poll("dialogue", &first, "limit=10").await.expect(200).event_ids(), [next]);
}

#[tokio::test]
async fn a_suspect_goes_only_to_an_idle_engine_and_holds_nobody_up_meanwhile() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let suspect = make_suspect(&lab, &engine).await;
    lab.sql(&format!(
        "update eventlease.event_queue set available_at = available_at + interval '1 hour' where event_id = '{suspect}'"
    ))
    .await;
    lab.enqueue("dialogue", json!({})).await;
    let held = lab.lease_one("dialogue", &engine).await;
    lab.make_due(&suspect).await;
    let behind = lab.enqueue("dialogue", json!({})).await;

    let reply = lab.poll("dialogue", &engine, "limit=10").await.expect(200);
    assert_eq!(reply.event_ids(), [behind], "the suspect is first in line, but the engine is busy");
    for event in [&held, &reply.body["events"][0]] {
        lab.settle(event, "completed", json!({})).await.expect(200);
    }
    assert_eq!(lab.poll("dialogue", &engine, "limit=10").await.expect(200).event_ids(), [suspect]);
}

#[tokio::test]
async fn where_every_engine_is_always_busy_one_is_reserved_for_a_suspect() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let suspect = make_suspect(&lab, &engine).await;
    let poll = async |limit: u32| lab.poll("dialogue", &engine, &format!("limit={limit}")).await.expect(200);
    let held = hold_beside_overdue(&lab, &engine, &suspect).await;
    let normal = lab.enqueue("dialogue", json!({})).await;

    let reserved = poll(10).await;
    assert_eq!(reserved.event_ids(), [""; 0], "it waited for long enough");
    assert_eq!(reserved.body["notice"]["code"], "engine_at_capacity");
    lab.settle(&held, "completed", json!({})).await.expect(200);
    let alone = poll(10).await;
    assert_eq!(alone.event_ids(), [suspect]);
    lab.settle(&alone.body["events"][0], "completed", json!({})).await.expect(200);
    assert_eq!(poll(10).await.event_ids(), [normal]);
}

#[tokio::test]
async fn a_busy_engine_that_was_reserved_in_vain_is_given_events_again() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let suspect = make_suspect(&lab, &engine).await;
    let held = hold_beside_overdue(&lab, &engine, &suspect).await;
    let poll = async |query: &str| lab.poll("dialogue", &engine, query).await.expect(200);
    let first = lab.enqueue("dialogue", json!({})).await;
    assert_eq!(poll("limit=1").await.event_ids(), [""; 0], "it is reserved");
    lab.broker().age_exclusive_engines(Duration::from_secs(61));
    let mut others = Vec::new();
    let while_resting = poll("limit=1").await;
    assert_eq!(while_resting.event_ids(), [first]);
    others.push(while_resting.body["events"][0].clone());
    for _ in 0..3 {
        let event_id = lab.enqueue("dialogue", json!({})).await;
        let reply = poll("limit=1").await;
        assert_eq!(reply.event_ids(), [event_id]);
        others.push(reply.body["events"][0].clone());
    }

    // For as long as it was reserved. Then the suspect's turn comes again, and again it ends; also for a poll that waits.
    lab.broker().age_exclusive_engines(Duration::from_mins(1));
    let last = lab.enqueue("dialogue", json!({})).await;
    assert_eq!(poll("limit=1").await.event_ids(), [""; 0], "it is reserved again");
    let path = "/api/v1/events/queue/dialogue?wait_seconds=30";
    let waiting = tokio::spawn(Reply::of(lab.request("GET", path).header("x-engine-id", &engine)));
    lab.wait_for_parked_polls(1).await;
    lab.broker().age_exclusive_engines(Duration::from_secs(121));
    let reply = waiting.await.expect("a reply").expect(200);
    assert_eq!(reply.event_ids(), [last]);
    others.push(reply.body["events"][0].clone());

    // Idle, it is given the suspect, reserved or not.
    for event in others.iter().chain([&held]) {
        lab.settle(event, "completed", json!({})).await.expect(200);
    }
    lab.enqueue("dialogue", json!({})).await;
    assert_eq!(poll("limit=10").await.event_ids(), [suspect]);
}

#[tokio::test]
async fn where_one_engine_was_reserved_in_vain_another_one_is_reserved() {
    let lab = Lab::start().await;
    let engines = [lab.register("dialogue", json!({})).await, lab.register("dialogue", json!({})).await];
    let suspect = make_suspect(&lab, &engines[0]).await;
    hold_beside_overdue(&lab, &engines[0], &suspect).await;
    let held = hold_beside_overdue(&lab, &engines[1], &suspect).await;
    let normal = lab.enqueue("dialogue", json!({})).await;
    let poll = async |engine: &str| lab.poll("dialogue", engine, "limit=1").await.expect(200);
    assert_eq!(poll(&engines[0]).await.event_ids(), [""; 0]);
    let beside = poll(&engines[1]).await;
    assert_eq!(beside.event_ids(), [normal], "one is reserved, not both");

    lab.broker().age_exclusive_engines(Duration::from_secs(61));
    let next = lab.enqueue("dialogue", json!({})).await;
    assert_eq!(poll(&engines[0]).await.event_ids(), [next], "its time is over");
    lab.enqueue("dialogue", json!({})).await;
    assert_eq!(poll(&engines[1]).await.event_ids(), [""; 0]);
    for event in [&held, &beside.body["events"][0]] {
        lab.settle(event, "completed", json!({})).await.expect(200);
    }
    assert_eq!(poll(&engines[1]).await.event_ids(), [suspect]);
}

#[tokio::test]
async fn poison_dies_at_its_third_engine_and_the_events_leased_with_it_complete() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let poison = lab.enqueue("dialogue", json!({"payload": "poison"})).await;
    let mates = [lab.enqueue("dialogue", json!({})).await, lab.enqueue("dialogue", json!({})).await];
    let batch = lab.poll("dialogue", &engine, "limit=3").await.expect(200);
    assert_eq!(batch.event_ids().len(), 3);

    // An engine that dies of the poison, and is started again under its id.
    let restart = async || lab.register("dialogue", json!({"engine_id": engine})).await;
    restart().await;
    while lab.event(&poison).await["status"] != "failed" {
        lab.make_due(&poison).await;
        let reply = lab.poll("dialogue", &engine, "limit=3&wait_seconds=10").await.expect(200);
        assert_eq!(reply.event_ids().len(), 1, "suspects come one by one: {reply:?}");
        let event = &reply.body["events"][0];
        if event["payload"] == "poison" {
            restart().await;
        } else {
            lab.settle(event, "completed", json!({})).await.expect(200);
        }
    }
    let letter = lab.get(&format!("/api/v1/dead-letters/{poison}")).await.expect(200).body;
    assert_eq!((&letter["reason"], &letter["lease_losses"]), (&json!("lease_losses_exhausted"), &json!(3)));
    let outcomes: Vec<&Value> =
        letter["attempts"].as_array().expect("a list").iter().map(|attempt| &attempt["outcome"]).collect();
    assert_eq!(outcomes, ["engine_restarted"; 3]);

    for mate in &mates {
        if lab.event(mate).await["status"] == "queued" {
            let event = lab.lease_one("dialogue", &engine).await;
            lab.settle(&event, "completed", json!({})).await.expect(200);
        }
    }
    for mate in &mates {
        let mate = lab.event(mate).await;
        assert_eq!((&mate["status"], &mate["attempt"]), (&json!("completed"), &json!(2)));
    }
}

#[tokio::test]
async fn suspects_go_to_all_idle_engines_at_once() {
    // More than a few look-outs could tell of one by one while the polls wait.
    const SUSPECTS: usize = 24;
    let lab = Lab::start_with(&["--recheck-interval-ms", "5000"]).await;
    let dying = lab.register("dialogue", json!({})).await;
    for _ in 0..SUSPECTS {
        lab.enqueue("dialogue", json!({})).await;
    }
    let leased = lab.poll("dialogue", &dying, &format!("limit={SUSPECTS}")).await.expect(200);
    assert_eq!(leased.event_ids().len(), SUSPECTS);
    let mut polls = Vec::new();
    for _ in 0..SUSPECTS {
        let idle = lab.register("dialogue", json!({})).await;
        let path = "/api/v1/events/queue/dialogue?limit=3&wait_seconds=30";
        polls.push(tokio::spawn(Reply::of(lab.request("GET", path).header("x-engine-id", idle))));
    }
    lab.wait_for_parked_polls(24).await;

    lab.register("dialogue", json!({"engine_id": dying})).await;
    for poll in polls {
        assert_eq!(poll.await.expect("a reply").expect(200).event_ids().len(), 1);
    }
}
