//! `runs`, and `events reschedule`.

use serde_json::{Value, json};

use super::{ask, cell, printed, printed_json, refused, row_with};
use crate::support::Lab;

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_listed_shown_cancelled_and_reopened() {
    let lab = Lab::start().await;
    for run in ["day", "day", "night"] {
        lab.enqueue("dialogue", json!({"scenario_run_id": run})).await;
    }
    assert!(refused(ask(&lab, "runs cancel night").await).contains("Cancel it, so that"));
    assert_eq!(printed(ask(&lab, "runs cancel night --yes").await), "1 cancelled\n");
    let table = printed(ask(&lab, "runs").await);
    let (day, night) = (row_with(&table, "day"), row_with(&table, "night"));
    assert_eq!((cell(&day, "STATUS"), cell(&day, "OPEN EVENTS"), cell(&day, "CANCELLED")), ("active", "yes", "-"));
    assert_eq!((cell(&night, "STATUS"), cell(&night, "OPEN EVENTS")), ("cancelled", "no"));
    assert_eq!(printed_json(ask(&lab, "runs --json").await)["items"].as_array().map(Vec::len), Some(2));
    assert!(printed(ask(&lab, "runs show day").await).contains("queued         2"));
    let night = printed_json(ask(&lab, "runs show night --wait-seconds 30 --json").await);
    assert_eq!((&night["status"], &night["counts"]["cancelled"]), (&json!("cancelled"), &json!(1)));
    for told in ["takes events again", "was not cancelled"] {
        assert_eq!(printed(ask(&lab, "runs reopen night").await), format!("scenario run night {told}\n"));
    }
    lab.enqueue("dialogue", json!({"scenario_run_id": "night"})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queued_events_are_rescheduled_after_a_question_with_their_number() {
    let lab = Lab::start().await;
    let mut events = Vec::new();
    for _ in 0..3 {
        events.push(lab.enqueue("dialogue", json!({"scenario_run_id": "day", "delay_seconds": 60})).await);
    }
    let reschedule = "events reschedule --scenario-run-id day --delay-seconds 7200";
    let counted = printed(ask(&lab, &format!("{reschedule} --dry-run")).await);
    assert_eq!(counted, "3 queued events match; nothing was changed\n");
    let question = refused(ask(&lab, reschedule).await);
    assert!(question.contains("Reschedule 3 queued events with scenario_run_id \"day\"?"), "{question}");
    let question =
        refused(ask(&lab, &format!("events reschedule {} --engine-type dialogue --priority 1", events[0])).await);
    let expected = "Reschedule 1 queued event that is named with engine_type \"dialogue\"?";
    assert!(question.contains(expected), "{question}");
    let question = refused(ask(&lab, "events reschedule --all --priority 1").await);
    assert!(question.contains("Reschedule 3 queued events of all queues that the token reaches?"), "{question}");
    assert_eq!(printed(ask(&lab, &format!("{reschedule} --limit 2 --yes")).await), "2 of 3 rescheduled\n");
    let one = format!("events reschedule {} --priority 9 --yes --json", events[2]);
    assert_eq!(printed_json(ask(&lab, &one).await), json!({"matched": 1, "rescheduled": 1, "remaining": 0}));
    assert_eq!(lab.event(&events[2]).await["priority"], 9);
    let none = printed(ask(&lab, "events reschedule --engine-type chess --priority 1 --yes").await);
    assert_eq!(none, "no queued event matches\n");
    let due: Vec<Value> =
        vec![lab.event(&events[0]).await["available_at"].clone(), lab.event(&events[1]).await["available_at"].clone()];
    assert_eq!(due[0], due[1], "one time for all");
    assert_eq!(ask(&lab, "events reschedule --delay-seconds 5").await.code, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_are_due_already_are_rescheduled_with_a_delay_like_all_others() {
    let lab = Lab::start().await;
    let due = lab.enqueue("dialogue", json!({"scenario_run_id": "day"})).await;
    let later = lab.enqueue("dialogue", json!({"scenario_run_id": "day", "delay_seconds": 3600})).await;
    let now = "events reschedule --scenario-run-id day --delay-seconds 0 --yes";
    for _ in 0..2 {
        assert_eq!(printed(ask(&lab, now).await), "2 rescheduled\n");
    }
    let both = [lab.event(&due).await["available_at"].clone(), lab.event(&later).await["available_at"].clone()];
    assert_eq!(both[0], both[1]);
    let one = printed_json(ask(&lab, &format!("{now} --limit 1 --expected-count 2 --json")).await);
    assert_eq!(one, json!({"matched": 2, "rescheduled": 1, "remaining": 1}));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_events_than_a_call_takes_are_rescheduled_in_several_calls() {
    let lab = Lab::start().await;
    let enqueue =
        "select eventlease.enqueue('dialogue', 'e', '1', delay_seconds => 3600) from generate_series(1, 10001)";
    lab.sql(enqueue).await;
    // Due already, it does not match the time that all calls have in common.
    lab.enqueue("dialogue", json!({})).await;
    let told = printed(ask(&lab, "events reschedule --engine-type dialogue --delay-seconds 0 --yes").await);
    assert_eq!(told, "10001 rescheduled\n");
    assert_eq!(lab.sql("select from eventlease.event_queue where available_at > statement_timestamp()").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_shown_with_its_keys_its_cause_and_its_follow_ups() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let cause = lab.enqueue("dialogue", json!({"unique_key": "only one", "traceparent": traceparent})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let event = json!({"engine_type": "speech", "event_type": "e", "payload": 1, "idempotency_key": "k"});
    let settled = lab.settle(&leased, "completed", json!({"enqueue": [event, event]})).await.expect(200);
    let made = settled.body["enqueued"][0]["event_id"].as_str().expect("an id").to_owned();
    let shown = printed(ask(&lab, &format!("events {cause}")).await);
    for fact in ["unique key     only one", traceparent, "FOLLOW-UP", "was there before, by its idempotency_key"] {
        assert!(shown.contains(fact), "{fact}: {shown}");
    }
    assert!(shown.matches(&made).count() == 2, "{shown}");
    let shown = printed(ask(&lab, &format!("events {made}")).await);
    assert!(shown.contains(&format!("caused by      {cause}")) && !shown.contains("FOLLOW-UP"), "{shown}");
}
