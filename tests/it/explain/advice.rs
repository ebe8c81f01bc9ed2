//! What is advised is true, and the commands do what they are advised for.

use serde_json::{Value, json};

use super::states::count;
use super::{codes, explained, explained_as, in_an_hour, reason, verdict};
use crate::cli::program::run_beside;
use crate::support::{Lab, Reply};

/// What is said of an ended event, and the rows that the advised look into the audit trail shows.
async fn audited(lab: &Lab, event: &str) -> (String, Vec<Value>) {
    let explanation = explained(lab, event).await;
    let ended = reason(&explanation, "ended");
    let advice = ended["what_to_do"].as_str().expect("advice");
    let command = &advice[advice.find("eventlease audit ").unwrap_or_else(|| panic!("{advice}"))..];
    let words = command.split_whitespace().skip(1).map(str::to_owned);
    let arguments = words.chain(["--url".to_owned(), lab.url.clone(), "--json".to_owned()]).collect();
    let shown = run_beside(arguments).await;
    assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""), "{command}: {shown:?}");
    let shown: Value = serde_json::from_str(&shown.stdout).expect("a list");
    let items = shown["items"].as_array().or(shown.as_array()).expect("a list").clone();
    (ended["message"].as_str().expect("a sentence").to_owned(), items)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cancelled_an_event_is_found_where_it_says() {
    let lab = Lab::start().await;
    let alone = lab.enqueue("dialogue", json!({})).await;
    lab.post(&format!("/api/v1/events/{alone}/cancel"), &json!({})).await.expect(200);
    let (said, found) = audited(&lab, &alone).await;
    assert!(said.starts_with("it was cancelled "), "{said}");
    assert_eq!((found.len(), &found[0]["subject"]), (1, &json!(alone)));

    // Others are cancelled before and after, also of other queues.
    for queue in ["vision", "dialogue", "vision"] {
        let event = lab.enqueue(queue, json!({})).await;
        let filter = json!({"filter": {"engine_type": queue}});
        lab.post("/api/v1/events/cancel", &filter).await.expect(200);
        let (said, found) = audited(&lab, &event).await;
        assert!(said.ends_with("by a call that cancelled others too"), "{said}");
        let found: Vec<(&Value, &Value)> = found.iter().map(|row| (&row["action"], &row["subject"])).collect();
        assert_eq!(found, [(&json!("cancel_events"), &json!(queue))]);
    }
    let event = lab.enqueue("dialogue", json!({})).await;
    lab.post("/api/v1/events/cancel", &json!({"all": true})).await.expect(200);
    let (_, found) = audited(&lab, &event).await;
    assert_eq!((found.len(), &found[0]["subject"]), (1, &json!("events")));

    // With its run: while it is queued, and while an engine holds it.
    let engine = lab.register("dialogue", json!({})).await;
    let held = lab.enqueue("dialogue", json!({"scenario_run_id": "night-42"})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let queued = lab.enqueue("dialogue", json!({"scenario_run_id": "night-42"})).await;
    Reply::of(lab.request("POST", "/api/v1/scenario-runs/night-42/cancel")).await.expect(200);
    lab.settle(&leased, "queued", json!({})).await;
    for event in [queued, held] {
        let (said, found) = audited(&lab, &event).await;
        assert!(said.ends_with("with its scenario run night-42"), "{said}");
        assert!(!found.is_empty() && found.iter().all(|row| row["subject"] == "night-42"), "{found:?}");
    }
}

#[tokio::test]
async fn where_nobody_cancelled_an_event_nobody_is_looked_for() {
    let lab = Lab::start().await;
    let event = lab.enqueue("dialogue", json!({"discard_after_seconds": 600})).await;
    lab.sql("update eventlease.event_queue set discard_at = discard_at - interval '1 hour'").await;
    lab.wait_for_status(&event, "cancelled").await;
    let explanation = explained(&lab, &event).await;
    let ended = reason(&explanation, "ended");
    let said = ended["message"].as_str().expect("a sentence");
    assert!(said.ends_with("no engine had leased it in time"), "{said}");
    assert!(!ended["what_to_do"].as_str().expect("advice").contains("audit"), "{ended}");

    // The audit trail is kept for a while.
    let event = lab.enqueue("dialogue", json!({})).await;
    lab.post(&format!("/api/v1/events/{event}/cancel"), &json!({})).await.expect(200);
    lab.sql("delete from eventlease.audit").await;
    let explanation = explained(&lab, &event).await;
    let ended = reason(&explanation, "ended");
    assert!(!ended["what_to_do"].as_str().expect("advice").contains("eventlease"), "{ended}");
}

/// Why it is said to be due later.
async fn why_later(lab: &Lab, event: &str) -> String {
    let explanation = explained(lab, event).await;
    assert_eq!(verdict(&explanation), "not_due_yet", "{explanation}");
    let message = explanation["verdict"]["message"].as_str().expect("a sentence");
    message.split_once(": ").expect("a reason").1.to_owned()
}

#[tokio::test]
async fn why_an_event_is_due_later_is_what_put_it_there_last() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let later = json!({"delay_seconds": 3600});
    let change = async |event: &str| {
        let at = in_an_hour(&lab).await;
        let request = lab.request("PATCH", &format!("/api/v1/events/{event}")).json(&json!({"available_at": at}));
        Reply::of(request).await.expect(200);
    };
    let backoff = json!({"retry_policy": {"retry_delay": {"initial": 600, "max": 600}, "dead_letter_threshold": 5}});
    let leased = async || {
        lab.enqueue("dialogue", backoff.clone()).await;
        lab.lease_one("dialogue", &engine).await
    };
    let id = |leased: &Value| leased["event_id"].as_str().expect("an id").to_owned();

    let delayed = lab.enqueue("dialogue", later.clone()).await;
    assert_eq!(why_later(&lab, &delayed).await, "as was asked for when it was enqueued or rescheduled");

    let failed = leased().await;
    lab.settle(&failed, "failed", json!({})).await.expect(200);
    assert_eq!(why_later(&lab, &id(&failed)).await, "attempt 1 failed, and it is tried again then");
    change(&id(&failed)).await;
    assert_eq!(why_later(&lab, &id(&failed)).await, "it was rescheduled after attempt 1");

    let released = leased().await;
    lab.settle(&released, "queued", later.clone()).await.expect(200);
    assert_eq!(why_later(&lab, &id(&released)).await, "attempt 1 was given back with a delay");
    let body = json!({"filter": {"event_ids": [id(&released)]}, "delay_seconds": 7200});
    lab.post("/api/v1/events/reschedule", &body).await.expect(200);
    assert_eq!(why_later(&lab, &id(&released)).await, "it was rescheduled after attempt 1");

    let lost = leased().await;
    lab.expire(&id(&lost)).await;
    lab.wait_for_status(&id(&lost), "queued").await;
    change(&id(&lost)).await;
    assert_eq!(why_later(&lab, &id(&lost)).await, "it was rescheduled after attempt 1");

    let dead = leased().await;
    lab.settle(&dead, "failed", json!({"retryable": false})).await.expect(200);
    lab.post(&format!("/api/v1/dead-letters/{}/redrive", id(&dead)), &json!({})).await.expect(200);
    change(&id(&dead)).await;
    assert_eq!(why_later(&lab, &id(&dead)).await, "as was asked for when it was redriven or rescheduled");
}

#[tokio::test]
async fn a_queue_without_engines_shows_when_one_was_last_seen() {
    let lab = Lab::start().await;
    let event = lab.enqueue("dialogue", json!({})).await;
    let explanation = explained_as(&lab, "never", &event, "no_engine_registered", &["no_engine_registered"]).await;
    assert_eq!(explanation["verdict"]["message"], "no engine is registered for dialogue");

    let engine = lab.register("dialogue", json!({})).await;
    lab.silence(&engine).await;
    for what in [event.as_str(), "dialogue"] {
        let explanation = explained_as(&lab, "silent", what, "none_active", &["none_active"]).await;
        let expected = "the only engine of dialogue is not active: it is unresponsive; it was last seen 1 h ago";
        assert_eq!(explanation["verdict"]["message"], expected);
    }

    lab.delete(&format!("/api/v1/engines/{engine}")).await.expect(204);
    // Until three hours ago, it could hold an event.
    lab.sql(
        "insert into eventlease.queue_history (engine_type, minute_at, due, delayed, processing, dead_letters,
            oldest_due_age_seconds, slots, busy, enqueued, completed, failed, lost, released, late, dead_lettered)
         select 'dialogue', date_trunc('minute', statement_timestamp()) - make_interval(hours => hours), 0, 0, 0, 0, 0,
            slots, 0, 0, 0, 0, 0, 0, 0, 0
         from (values (5, 1), (4, 1), (3, 0), (2, 0)) as minutes (hours, slots)",
    )
    .await;
    let explanation = explained_as(&lab, "gone", &event, "no_engine_registered", &["no_engine_registered"]).await;
    let told = explanation["verdict"]["message"].as_str().expect("a sentence");
    assert!(told.starts_with("no engine is registered for dialogue; one was last seen 3 h "), "{told}");
}

#[tokio::test]
async fn a_lease_that_has_lasted_long_outweighs_short_attempts() {
    let lab = Lab::start().await;
    let limits = json!({"metadata": {"static_config": {"resource_limits": {"max_concurrent_events": 1}}}});
    let engine = lab.register("dialogue", limits).await;
    // One attempt ended lately, after less than a second.
    count(&lab, "dialogue", &[("completed", 1)], "array[0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]::bigint[]").await;
    let held = lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &engine).await;
    let event = lab.enqueue("dialogue", json!({})).await;
    // It has lasted for a minute; that it was leased for five is left.
    lab.sql(&format!(
        "update eventlease.event_leases set leased_at = leased_at - interval '60 seconds' where event_id = '{held}'"
    ))
    .await;
    let explanation = explained_as(&lab, "full", &event, "engines_full", &["engines_full"]).await;
    let time =
        |value: &Value| -> chrono::DateTime<chrono::Utc> { value.as_str().expect("a time").parse().expect("a time") };
    let seconds = (time(&explanation["expected_start_at"]) - time(&explanation["as_of"])).as_seconds_f64();
    assert!((60.0..100.0).contains(&seconds), "{seconds} s: {explanation}");
}

#[tokio::test]
async fn a_caller_without_an_engine_is_not_called_one() {
    let lab = Lab::start().await;
    let event = lab.enqueue("dialogue", json!({})).await;
    lab.get("/api/v1/events/queue/dialogue?limit=1").await.expect(200);
    let explanation = explained(&lab, &event).await;
    assert_eq!(codes(&explanation), ["held"]);
    let held = reason(&explanation, "held");
    assert!(held["what_to_do"].as_str().is_some_and(|advice| advice.starts_with("wait for its caller")), "{held}");
}

#[tokio::test]
async fn what_would_change_nothing_is_not_advised() {
    let lab = Lab::start().await;
    let limits = json!({"metadata": {"static_config": {"resource_limits": {"max_concurrent_events": 1}}}});
    let advice = |explanation: &Value, code: &str| reason(explanation, code)["what_to_do"].as_str().map(str::to_owned);
    let engine = lab.register("dialogue", limits).await;
    crate::queues::patch(&lab, "dialogue", &json!({"max_lease_seconds": 9})).await.expect(200);
    let held = lab.enqueue("dialogue", json!({})).await;
    lab.poll("dialogue", &engine, "limit=1&visibility_timeout_seconds=9").await.expect(200);
    // Its lease ends where no renewal goes beyond.
    let explanation = explained(&lab, &held).await;
    if codes(&explanation).contains(&"lease_ends_soon") {
        let advice = advice(&explanation, "lease_ends_soon").expect("advice");
        assert!(!advice.contains("visibility-timeout"), "{advice}");
    }
    // It has the highest priority, and another one of that priority stands before it.
    for (priority, is_advised) in [(5, true), (9, false)] {
        lab.enqueue("dialogue", json!({"priority": 9})).await;
        let event = lab.enqueue("dialogue", json!({"priority": priority})).await;
        let advice = advice(&explained(&lab, &event).await, "behind_others").expect("advice");
        assert_eq!(advice.contains("--priority 9"), is_advised, "{advice}");
    }
}

#[tokio::test]
async fn a_suspect_is_expected_only_where_an_engine_can_take_it() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let events = [lab.enqueue("dialogue", json!({})).await, lab.enqueue("dialogue", json!({})).await];
    for _ in &events {
        lab.lease_one("dialogue", &engine).await;
    }
    for event in &events {
        lab.lose(event).await;
    }
    let explanations = [explained(&lab, &events[0]).await, explained(&lab, &events[1]).await];
    let verdicts = explanations.each_ref().map(verdict);
    assert!(verdicts.contains(&"would_be_soon") && verdicts.contains(&"travels_alone"), "{explanations:#?}");
    for explanation in &explanations {
        let is_expected = !explanation["expected_start_at"].is_null();
        assert_eq!(is_expected, verdict(explanation) == "would_be_soon", "{explanation}");
    }
}
