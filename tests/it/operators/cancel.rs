//! `cancel`: events that are named, and all that is open of a run.

use serde_json::json;

use super::terminal::OnTerminal;
use super::{ask, printed, printed_json, refused};
use crate::support::{Lab, unknown_id};

#[tokio::test(flavor = "multi_thread")]
async fn events_are_cancelled_one_by_one() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let held = lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &engine).await;
    let queued = lab.enqueue("dialogue", json!({})).await;

    assert_eq!(printed(ask(&lab, &format!("cancel {queued}")).await), format!("{queued} cancelled\n"));
    let told = printed(ask(&lab, &format!("cancel {held}")).await);
    assert_eq!(told, format!("{held} is to be cancelled when its lease ends, unless its engine completes it before\n"));
    assert_eq!(lab.event(&held).await["cancel_requested"], true);
    let json = printed_json(ask(&lab, &format!("cancel {queued} --json")).await);
    assert_eq!((&json["event_id"], &json["status"]), (&json!(queued), &json!("cancelled")));

    // Several are asked about, and one that fails keeps no other from being done.
    let other = lab.enqueue("dialogue", json!({})).await;
    let several = format!("cancel {} {other}", unknown_id());
    assert!(refused(ask(&lab, &several).await).contains("Cancel 2 events?"));
    assert_eq!(lab.event(&other).await["status"], "queued");
    let ended = ask(&lab, &format!("{several} --yes")).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), format!("{other} cancelled\n").as_str()), "{ended:?}");
    assert!(ended.stderr.contains("404 event_not_found"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_cancelled_after_a_question_with_its_numbers() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for _ in 0..3 {
        lab.enqueue("dialogue", json!({"scenario_run_id": "night 42"})).await;
    }
    let other = lab.enqueue("dialogue", json!({"scenario_run_id": "day"})).await;
    lab.lease_one("dialogue", &engine).await;
    let cancel = ["cancel", "--scenario-run-id", "night 42", "--url", &lab.url];
    let asked = OnTerminal::start(&cancel).await;
    let question = "Scenario run \"night 42\" has 2 queued events, and 1 with engines. Cancel it, so that it takes no events until it \
        is reopened? [y/N] ";
    assert!(asked.shown.ends_with(question), "{}", asked.shown);
    let ended = asked.answer("n\n").await;
    assert!(ended.code == Some(1) && ended.stderr.contains("nothing was done"), "{ended:?}");
    let ended = OnTerminal::start(&cancel).await.answer("y\n").await;
    let told = "2 cancelled\n1 to be cancelled when their leases end, unless their engines complete them before\n";
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), told), "{ended:?}");
    assert_eq!(lab.event(&other).await["status"], "queued");

    let day = printed_json(ask(&lab, "cancel --scenario-run day --yes --json").await);
    assert_eq!(day, json!({"cancelled": 1, "cancel_requested": 0}));
    assert!(
        refused(ask(&lab, "cancel --scenario-run-id day").await).contains("has 0 queued events, and 0 with engines")
    );
    for wrong in ["cancel", "cancel x --scenario-run-id y"] {
        assert_eq!(ask(&lab, wrong).await.code, Some(2), "{wrong}");
    }
}
