//! Why an event is not worked on, and why a queue grows: one table of states and of the codes that explain them, for the reply and
//! the command line alike.

mod advice;
mod pairs;
mod standing;
mod states;

use serde_json::{Value, json};

use crate::cli::program::run_beside;
use crate::queues::report::fill;
use crate::support::Lab;
use states::{STATES, make};

/// The reply that explains an event or a queue, once its queue has been measured.
async fn explained(lab: &Lab, what: &str) -> Value {
    lab.broker().flush_liveness().await.expect("written");
    lab.broker().measure().await.expect("a round");
    let kind = if uuid::Uuid::try_parse(what).is_ok() { "events" } else { "queues" };
    lab.get(&format!("/api/v1/{kind}/{what}/explain")).await.expect(200).body
}

/// The time in an hour, as a call takes it.
async fn in_an_hour(lab: &Lab) -> String {
    let later = sqlx::query_scalar("select statement_timestamp() + interval '1 hour'").fetch_one(&lab.db).await;
    later.map(|at: chrono::DateTime<chrono::Utc>| at.to_rfc3339()).expect("a time")
}

/// What the command line says of it.
async fn shown(lab: &Lab, what: &str) -> String {
    let arguments = ["explain", what, "--url", &lab.url];
    let ended = run_beside(arguments.map(str::to_owned).to_vec()).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    ended.stdout
}

/// The codes of the reasons, in their order. What the test's own database is warned of is left out.
fn codes(explanation: &Value) -> Vec<&str> {
    let reasons = explanation["reasons"].as_array().expect("a list");
    reasons.iter().filter_map(|reason| reason["code"].as_str()).filter(|code| *code != "database").collect()
}

fn verdict(explanation: &Value) -> &str {
    explanation["verdict"]["code"].as_str().expect("a code")
}

fn reason<'a>(explanation: &'a Value, code: &str) -> &'a Value {
    let reasons = explanation["reasons"].as_array().expect("a list");
    reasons.iter().find(|reason| reason["code"] == code).unwrap_or_else(|| panic!("no {code}: {explanation}"))
}

/// An explanation that has these reasons. A round of the server's own that began earlier may end later than the test's.
async fn explained_as(lab: &Lab, state: &str, what: &str, expected_verdict: &str, expected: &[&str]) -> Value {
    let mut explanation = Value::Null;
    for _ in 0..5 {
        explanation = explained(lab, what).await;
        if verdict(&explanation) == expected_verdict && codes(&explanation) == expected {
            return explanation;
        }
    }
    panic!("{state}: {expected_verdict} of {expected:?} was expected: {explanation:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_state_is_explained_alike_by_the_reply_and_the_command_line() {
    let lab = Lab::start().await;
    for (state, expected_verdict, expected) in STATES {
        let what = make(&lab, state).await;
        let explanation = explained_as(&lab, state, &what, expected_verdict, expected).await;
        let decisive = explanation["reasons"].as_array().expect("a list").iter();
        for reason in decisive.filter(|reason| reason["is_decisive"] == true) {
            assert!(reason["what_to_do"].as_str().is_some_and(|text| !text.is_empty()), "{state}: {reason}");
        }
        let shown = shown(&lab, &what).await;
        assert!(shown.lines().count() <= 40, "{state}: {shown}");
        assert!(shown.lines().all(|line| line.chars().count() <= 80), "{state}: {shown}");
        let first = shown.lines().next().expect("a line");
        assert!(first.starts_with(&format!(">> {expected_verdict}")), "{state}: {shown}");
        // Its other reasons stand there in their order.
        let begins: Vec<&str> = shown
            .lines()
            .filter(|line| line.starts_with("> ") || line.starts_with("- "))
            .filter_map(|line| line[2..].trim_start().split([':', ' ']).next())
            .filter(|code| *code != "database")
            .collect();
        let others: Vec<&str> = expected.iter().copied().filter(|code| *code != expected_verdict).collect();
        assert_eq!(begins, others, "{state}: {shown}");
    }
}

#[tokio::test]
async fn each_blocker_is_shown_and_once_one_is_lifted_the_next_decides() {
    let lab = Lab::start().await;
    let event = lab.enqueue("dialogue", json!({})).await;
    lab.post("/api/v1/queues/dialogue/pause", &json!({"reason": "the model is upgraded"})).await.expect(200);
    let both = ["queue_paused", "no_engine_registered"];
    let explanation = explained_as(&lab, "both", &event, "queue_paused", &both).await;
    let pause = reason(&explanation, "queue_paused");
    assert!(pause["message"].as_str().is_some_and(|text| text.contains("(the model is upgraded)")), "{pause}");
    assert_eq!((&pause["subject"]["engine_type"], &pause["until"]), (&json!("dialogue"), &Value::Null));
    assert!(pause["since"].is_string() && explanation["expected_start_at"].is_null(), "{explanation}");

    // A lifted pause is gone at once, without another measurement.
    lab.post("/api/v1/queues/dialogue/resume", &json!({})).await.expect(200);
    let explanation = lab.get(&format!("/api/v1/events/{event}/explain")).await.expect(200).body;
    assert_eq!((verdict(&explanation), codes(&explanation)), ("no_engine_registered", vec!["no_engine_registered"]));

    lab.register("dialogue", json!({})).await;
    let explanation = explained_as(&lab, "an engine", &event, "would_be_soon", &["would_be_soon"]).await;
    assert!(explanation["expected_start_at"].is_string(), "{explanation}");
}

#[tokio::test]
async fn what_is_expected_is_what_is_stored_where_time_alone_decides() {
    let lab = Lab::start().await;
    let limits = json!({"metadata": {"static_config": {"resource_limits": {"max_concurrent_events": 1}}}});
    // A delay, and idle engines.
    lab.register("delayed", limits.clone()).await;
    let event = lab.enqueue("delayed", json!({"delay_seconds": 300})).await;
    let explanation = explained_as(&lab, "delayed", &event, "not_due_yet", &["not_due_yet"]).await;
    assert_eq!(explanation["expected_start_at"], lab.event(&event).await["available_at"]);
    // A pause with an end.
    lab.register("paused", limits.clone()).await;
    let event = lab.enqueue("paused", json!({})).await;
    let paused = lab.post("/api/v1/queues/paused/pause", &json!({"resume_after_seconds": 300})).await.expect(200);
    let explanation = explained_as(&lab, "paused", &event, "queue_paused", &["queue_paused"]).await;
    assert_eq!(explanation["expected_start_at"], paused.body["pause"]["resume_at"]);
    // All engines are full, and the first lease ends then.
    let engine = lab.register("full", limits).await;
    let held = lab.enqueue("full", json!({})).await;
    lab.lease_one("full", &engine).await;
    let event = lab.enqueue("full", json!({})).await;
    let explanation = explained_as(&lab, "full", &event, "engines_full", &["engines_full"]).await;
    assert_eq!(explanation["expected_start_at"], lab.event(&held).await["lease_expires_at"]);
}

/// Lets the lease of an event end in so many seconds.
async fn end_in(lab: &Lab, event: &str, seconds: i32) {
    let statement = format!(
        "update eventlease.event_leases set lease_expires_at = statement_timestamp() + make_interval(secs => {seconds})
         where event_id = '{event}'"
    );
    assert_eq!(lab.sql(&statement).await, 1, "{event} is not leased");
}

#[tokio::test]
async fn a_lease_that_ends_is_told_until_the_service_takes_it_back() {
    let lab = Lab::start().await;
    // As if it had been away until just now: for that time, no lease ends.
    lab.sql("update eventlease.service_signs set grace_since = statement_timestamp() + interval '1 hour'").await;
    let engine = lab.register("dialogue", json!({})).await;
    let event = lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &engine).await;
    end_in(&lab, &event, -3).await;
    let explanation = explained_as(&lab, "over", &event, "lease_over", &["lease_over"]).await;
    assert_eq!(explanation["reasons"][0]["subject"]["engine_id"], json!(engine));
    for _ in 0..5 {
        end_in(&lab, &event, 9).await;
        let explanation = explained(&lab, &event).await;
        // Else the machine was too busy.
        if verdict(&explanation) == "held" {
            assert_eq!(codes(&explanation), ["held", "lease_ends_soon"], "{explanation}");
            return;
        }
    }
    panic!("nine seconds were over each time");
}

#[tokio::test]
async fn what_is_not_there_is_not_explained() {
    let lab = Lab::start().await;
    let unknown = crate::support::unknown_id();
    lab.get(&format!("/api/v1/events/{unknown}/explain")).await.problem(404, "event_not_found");
    lab.get("/api/v1/queues/nothing/explain").await.expect(404);
    lab.get("/api/v1/events/x/explain").await.expect(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_is_named_like_an_id_is_explained_by_its_name() {
    let lab = Lab::start().await;
    let name = crate::support::unknown_id();
    lab.enqueue(&name, json!({})).await;
    let shown = shown(&lab, &name).await;
    assert!(shown.starts_with(">> no_engine_registered"), "{shown}");
}

/// The reply of now: nothing is measured before.
async fn explained_now(lab: &Lab, event: &str) -> Value {
    lab.get(&format!("/api/v1/events/{event}/explain")).await.expect(200).body
}

#[tokio::test]
async fn engines_and_what_they_hold_are_explained_as_of_now() {
    let lab = Lab::start().await;
    let limits = json!({"metadata": {"static_config": {"resource_limits": {"max_concurrent_events": 1}}}});
    lab.enqueue("dialogue", json!({})).await;
    let event = lab.enqueue("dialogue", json!({})).await;
    lab.broker().measure().await.expect("a round");
    assert_eq!(verdict(&explained_now(&lab, &event).await), "no_engine_registered");
    let engine = lab.register("dialogue", limits.clone()).await;
    assert_eq!(verdict(&explained_now(&lab, &event).await), "behind_others");
    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!(verdict(&explained_now(&lab, &event).await), "engines_full");
    lab.register("dialogue", limits).await;
    assert_eq!(verdict(&explained_now(&lab, &event).await), "would_be_soon");
    super::queues::patch(&lab, "dialogue", &json!({"max_processing": 1})).await.expect(200);
    assert_eq!(verdict(&explained_now(&lab, &event).await), "queue_capped");
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    let explanation = explained_now(&lab, &event).await;
    assert_eq!(verdict(&explanation), "would_be_soon");
    assert_eq!(explanation["measured_at"], explanation["as_of"], "nothing of a short queue is from a snapshot");
}

#[tokio::test]
async fn engines_and_rates_of_a_long_queue_are_explained_as_of_now_too() {
    let lab = Lab::start().await;
    let event = lab.enqueue("dialogue", json!({"priority": 9})).await;
    fill(&lab, 1500, 5).await;
    lab.broker().measure().await.expect("a round");
    let before = explained_now(&lab, &event).await;
    assert_eq!(verdict(&before), "no_engine_registered");
    assert!(time(&before["measured_at"]) < time(&before["as_of"]), "{before}");
    let engine = lab.register("dialogue", json!({})).await;
    assert_eq!(verdict(&explained_now(&lab, &event).await), "would_be_soon");
    for _ in 0..20 {
        let leased = lab.lease_one("dialogue", &engine).await;
        lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
    }
    lab.broker().write_activity().await.expect("written");
    let queue = lab.get("/api/v1/queues/dialogue/explain").await.expect(200).body;
    assert!(codes(&queue).contains(&"failing"), "{queue}");
}

fn time(value: &Value) -> chrono::DateTime<chrono::Utc> {
    value.as_str().and_then(|at| at.parse().ok()).unwrap_or_else(|| panic!("{value} is no time"))
}

#[tokio::test]
async fn a_queue_that_is_newer_than_the_snapshot_is_read() {
    let lab = Lab::start().await;
    lab.broker().measure().await.expect("a round");
    let event = lab.enqueue("dialogue", json!({})).await;
    let explanation = lab.get(&format!("/api/v1/events/{event}/explain")).await.expect(200).body;
    assert_eq!(verdict(&explanation), "no_engine_registered");
    lab.get("/api/v1/queues/dialogue/explain").await.expect(200);
}
