//! What may be held beside an event with a silent loss, so that poison takes nothing else to the dead letters.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Lab, Reply};

/// A server that isolates every suspect.
async fn isolating_all() -> Lab {
    Lab::start_with(&["--suspect-isolation", "first_loss"]).await
}

/// An event that was leased once and lost.
async fn make_suspect(lab: &Lab, engine: &str) -> String {
    make_suspects(lab, engine, 1).await.remove(0)
}

/// Events that were leased once and lost.
async fn make_suspects(lab: &Lab, engine: &str, count: usize) -> Vec<String> {
    let mut suspects = Vec::new();
    for _ in 0..count {
        suspects.push(lab.enqueue("dialogue", json!({})).await);
    }
    assert_eq!(lab.poll("dialogue", engine, "limit=10").await.expect(200).event_ids(), suspects);
    for suspect in &suspects {
        lab.lose(suspect).await;
    }
    suspects
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
    let lab = isolating_all().await;
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
    let lab = isolating_all().await;
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
    let lab = isolating_all().await;
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
    let lab = isolating_all().await;
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
    let lab = isolating_all().await;
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

/// The lane of an open event, which no reply shows.
async fn lane_of(lab: &Lab, event_id: &str) -> i16 {
    sqlx::query_scalar("select lane from eventlease.event_queue where event_id = $1::text::uuid")
        .bind(event_id)
        .fetch_one(&lab.db)
        .await
        .expect("an open event")
}

#[tokio::test]
async fn an_event_that_was_lost_once_is_leased_beside_others_but_not_beside_another_such_event() {
    let lab = Lab::start().await;
    let (first, second) = (lab.register("dialogue", json!({})).await, lab.register("dialogue", json!({})).await);
    let suspects = make_suspects(&lab, &first, 2).await;
    let normals = [lab.enqueue("dialogue", json!({})).await, lab.enqueue("dialogue", json!({})).await];

    let beside = lab.poll("dialogue", &first, "limit=2").await.expect(200);
    assert_eq!(beside.event_ids(), [suspects[0].as_str(), &normals[0]]);
    let more = lab.poll("dialogue", &first, "limit=10").await.expect(200);
    assert_eq!(more.event_ids(), [normals[1].as_str()], "it holds a suspect, which keeps no other event from it");
    assert_eq!(lab.poll("dialogue", &first, "limit=10").await.expect(200).event_ids(), [""; 0]);
    let other = lab.poll("dialogue", &second, "limit=10").await.expect(200);
    assert_eq!(other.event_ids(), [suspects[1].as_str()]);
}

#[tokio::test]
async fn a_waiting_poll_gets_the_next_suspect_as_soon_as_its_engine_has_settled_the_one_before() {
    // The check for what no signal announced comes later than the poll's end.
    let lab = Lab::start_with(&["--recheck-interval-ms", "5000"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    let suspects = make_suspects(&lab, &engine, 2).await;
    let held = lab.lease_one("dialogue", &engine).await;
    let path = "/api/v1/events/queue/dialogue?wait_seconds=3";
    let waiting = tokio::spawn(Reply::of(lab.request("GET", path).header("x-engine-id", &engine)));
    lab.wait_for_parked_polls(1).await;
    lab.settle(&held, "completed", json!({})).await.expect(200);
    let other = suspects.iter().find(|suspect| held["event_id"] != **suspect).expect("the other");
    assert_eq!(waiting.await.expect("a reply").expect(200).event_ids(), [other.as_str()]);
}

#[tokio::test]
async fn an_event_is_isolated_from_its_second_loss_on_or_before_the_loss_that_makes_it_a_dead_letter() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for (dead_letter_threshold, lanes) in [(4, vec![1, 2, 2]), (3, vec![1, 2]), (2, vec![2])] {
        let policy = json!({"retry_policy": {"dead_letter_threshold": dead_letter_threshold}});
        let event_id = lab.enqueue("dialogue", policy).await;
        for lane in lanes {
            assert_eq!(lab.lease_one("dialogue", &engine).await["event_id"], event_id);
            lab.lose(&event_id).await;
            assert_eq!(lane_of(&lab, &event_id).await, lane, "{dead_letter_threshold}");
            let peeked = lab.get("/api/v1/queues/dialogue/peek").await.expect(200).body;
            assert_eq!(peeked["items"][0]["is_suspect"], true, "{peeked}");
        }
        let event = lab.lease_one("dialogue", &engine).await;
        lab.settle(&event, "completed", json!({})).await.expect(200);
    }
}

#[tokio::test]
async fn where_no_suspect_is_isolated_an_engine_still_holds_one_at_a_time() {
    let lab = Lab::start_with(&["--suspect-isolation", "never"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    let suspects = make_suspects(&lab, &engine, 2).await;
    let twice = lab.lease_one("dialogue", &engine).await["event_id"].as_str().expect("an id").to_owned();
    lab.lose(&twice).await;
    assert_eq!(lane_of(&lab, &twice).await, 1);
    let normal = lab.enqueue("dialogue", json!({})).await;
    let beside = lab.poll("dialogue", &engine, "limit=10").await.expect(200);
    let once = suspects.iter().find(|suspect| **suspect != twice).expect("the other");
    assert_eq!(beside.event_ids(), [once.as_str(), &normal]);
}

#[tokio::test]
async fn a_suspect_that_is_released_or_fails_stays_in_its_lane() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let policy = json!({"retry_policy": {"dead_letter_threshold": 2}});
    let event_id = lab.enqueue("dialogue", policy).await;
    lab.lease_one("dialogue", &engine).await;
    lab.lose(&event_id).await;
    for (status, body) in [("queued", json!({})), ("failed", json!({"error": {"message": "no"}}))] {
        let event = lab.lease_one("dialogue", &engine).await;
        lab.settle(&event, status, body).await.expect(200);
        assert_eq!(lane_of(&lab, &event_id).await, 2, "{status}");
        lab.make_due(&event_id).await;
    }
}

#[tokio::test]
async fn an_event_whose_loss_a_late_report_takes_back_returns_to_the_lane_it_was_leased_from() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    for (before, after_loss) in [(0, 1), (1, 2)] {
        let event = lab.lease_one("dialogue", &engine).await;
        lab.lose(&event_id).await;
        assert_eq!(lane_of(&lab, &event_id).await, after_loss);
        lab.settle(&event, "queued", json!({})).await.expect(200);
        assert_eq!(lane_of(&lab, &event_id).await, before);
        lab.lease_one("dialogue", &engine).await;
        lab.lose(&event_id).await;
    }
}

/// Nine innocent events, and one that kills every engine that holds it. One engine also dies by itself, with events in hand.
async fn poison_among_innocents(dead_letter_threshold: i64) {
    let lab = Lab::start().await;
    let engines = [lab.register("dialogue", json!({})).await, lab.register("dialogue", json!({})).await];
    // It dies, and is started again under its id.
    let restart = async |engine: &str| lab.register("dialogue", json!({"engine_id": engine})).await;
    let policy = json!({"dead_letter_threshold": dead_letter_threshold});
    let mut events = Vec::new();
    for payload in ["innocent"; 4].into_iter().chain(["poison"]).chain(["innocent"; 5]) {
        events.push(lab.enqueue("dialogue", json!({"payload": payload, "retry_policy": policy})).await);
    }
    let poison = events.remove(4);
    assert_eq!(lab.poll("dialogue", &engines[1], "limit=3").await.expect(200).event_ids(), events[..3]);
    restart(&engines[1]).await;
    let mut beside_poison = 0;
    while lab.event(&poison).await["status"] != "failed" {
        for engine in &engines {
            lab.sql("update eventlease.event_queue set available_at = statement_timestamp()").await;
            let reply = lab.poll("dialogue", engine, "limit=3").await.expect(200);
            let leased = reply.body["events"].as_array().expect("a list");
            if leased.iter().any(|event| event["payload"] == "poison") {
                beside_poison += leased.len() - 1;
                restart(engine).await;
                continue;
            }
            for event in leased {
                lab.settle(event, "completed", json!({})).await.expect(200);
            }
        }
    }
    assert!(beside_poison > 0, "it was leased with others at first");
    let letter = lab.get(&format!("/api/v1/dead-letters/{poison}")).await.expect(200).body;
    let died_of = (&letter["reason"], &letter["lease_losses"]);
    assert_eq!(died_of, (&json!("lease_losses_exhausted"), &json!(dead_letter_threshold)));
    for innocent in &events {
        while lab.event(innocent).await["status"] == "queued" {
            let event = lab.lease_one("dialogue", &engines[0]).await;
            lab.settle(&event, "completed", json!({})).await.expect(200);
        }
        assert_eq!(lab.event(innocent).await["status"], "completed");
    }
}

#[tokio::test]
async fn poison_dies_at_its_second_engine_and_the_events_leased_with_it_complete() {
    poison_among_innocents(2).await;
}

#[tokio::test]
async fn poison_dies_at_its_third_engine_and_the_events_leased_with_it_complete() {
    poison_among_innocents(3).await;
}

#[tokio::test]
async fn suspects_go_to_all_idle_engines_at_once() {
    for isolation in ["first_loss", "second_loss"] {
        suspects_go_at_once(isolation).await;
    }
}

async fn suspects_go_at_once(isolation: &str) {
    // More than a few look-outs could tell of one by one while the polls wait.
    const SUSPECTS: usize = 24;
    let lab = Lab::start_with(&["--suspect-isolation", isolation, "--recheck-interval-ms", "5000"]).await;
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
