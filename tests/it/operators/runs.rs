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
    assert!(question.contains("Reschedule 3 queued events that match {\"scenario_run_id\":\"day\"}?"), "{question}");
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
