//! Events: changed, cancelled by a filter, found by what went wrong; and their payloads. Engines: summed up, and the zombies.

use serde_json::{Value, json};

use super::{ask, cell, printed, printed_json, refused, row_with};
use crate::support::Lab;

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_changed_and_its_payload_and_result_are_printed() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({"delay_seconds": 3600})).await;
    let told = printed(ask(&lab, &format!("events change {event_id} --now --priority 9")).await);
    assert!(told.contains("priority") && told.contains('9'), "{told}");
    assert!(told.contains("0, 3 left"), "{told}");
    let json = printed_json(ask(&lab, &format!("events change {event_id} --priority 8 --json")).await);
    assert_eq!((&json["priority"], &json["status"]), (&json!(8), &json!("queued")));
    assert_eq!(printed_json(ask(&lab, &format!("events payload {event_id}")).await), json!({"n": 1}));
    assert!(refused(ask(&lab, &format!("events result {event_id}")).await).contains("has no result"));
    let leased = lab.lease_one("dialogue", &engine).await;
    assert!(refused(ask(&lab, &format!("events change {event_id} --now")).await).contains("is not queued"));
    lab.settle(&leased, "completed", json!({"result": [7]})).await.expect(200);
    assert_eq!(printed_json(ask(&lab, &format!("events result {event_id}")).await), json!([7]));
    let nothing = ask(&lab, &format!("events change {event_id}")).await;
    assert!(nothing.code == Some(2) && nothing.stderr.contains("--now"), "{nothing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_cancelled_by_a_filter() {
    let lab = Lab::start().await;
    for event_type in ["a", "a", "b"] {
        lab.enqueue("dialogue", json!({"event_type": event_type})).await;
    }
    let dry = printed(ask(&lab, "events cancel --event-type a --dry-run").await);
    assert_eq!(dry, "2 queued events match; nothing was changed\n");
    assert_eq!(printed(ask(&lab, "events cancel --event-type a --limit 1 --yes").await), "1 of 2 cancelled\n");
    let json = printed_json(ask(&lab, "events cancel --all --yes --json").await);
    assert_eq!(json, json!({"matched": 2, "cancelled": 2, "remaining": 0}));
    assert_eq!(printed(ask(&lab, "events cancel --all --yes").await), "no queued event matches\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_rescheduled_to_now() {
    let lab = Lab::start().await;
    for _ in 0..2 {
        lab.enqueue("dialogue", json!({"delay_seconds": 3600})).await;
    }
    let reschedule = "events reschedule --engine-type dialogue --now --yes";
    assert_eq!(printed(ask(&lab, reschedule).await), "2 rescheduled\n");
    let due: i64 =
        sqlx::query_scalar("select count(*) from eventlease.event_queue where available_at <= statement_timestamp()")
            .fetch_one(&lab.db)
            .await
            .expect("a number");
    assert_eq!(due, 2);
    for other in ["--delay-seconds 5", "--available-at 2030-01-31T12:00:00Z"] {
        let ended = ask(&lab, &format!("{reschedule} {other}")).await;
        assert!(ended.code == Some(2) && ended.stderr.contains("--now"), "{ended:?}");
    }
    let nothing = ask(&lab, "events reschedule --engine-type dialogue --yes").await;
    assert!(nothing.code == Some(2) && nothing.stderr.contains("--now"), "{nothing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_shows_how_old_its_progress_is() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!(lab.event(&event_id).await["progress_at"], Value::Null);
    lab.settle(&leased, "processing", json!({"progress": {"lines": 3}})).await.expect(200);
    lab.sql("update eventlease.event_leases set progress_at = progress_at - interval '10 minutes'").await;
    // A renewal that brings none leaves it as old as it is.
    lab.settle(&leased, "processing", json!({})).await.expect(200);
    let shown = printed(ask(&lab, &format!("events {event_id}")).await);
    assert!(shown.contains("{\"lines\":3}") && shown.contains("(10 min ago)"), "{shown}");
    let explain = async || lab.get(&format!("/api/v1/events/{event_id}/explain")).await.expect(200).body;
    let explained = explain().await;
    let reasons = explained["reasons"].as_array().expect("a list");
    let old = reasons.iter().find(|reason| reason["code"] == "progress_old").expect("the reason");
    assert!(old["message"].as_str().is_some_and(|message| message.contains("10 min")), "{explained}");
    lab.settle(&leased, "processing", json!({"progress": {"lines": 4}})).await.expect(200);
    assert!(!explain().await.to_string().contains("progress_old"));
}

#[tokio::test(flavor = "multi_thread")]
async fn failing_events_and_zombies_are_found() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({"unique_key": "scene-7"})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "failed", json!({"error": {"type": "Timeout", "message": "too late"}})).await.expect(200);
    lab.enqueue("dialogue", json!({})).await;
    for flags in ["--failing", "--failing --error-type Timeout", "--unique-key scene-7 --engine-type dialogue"] {
        let table = printed(ask(&lab, &format!("events {flags}")).await);
        assert_eq!(cell(&row_with(&table, &event_id), "ERROR"), "Timeout: too late", "{table}");
        assert_eq!(table.lines().count(), 2, "{table}");
    }
    lab.broker().flush_liveness().await.expect("written");
    lab.sql("update eventlease.event_queue set available_at = statement_timestamp() - interval '40 seconds'").await;
    let none = ask(&lab, "engines --zombie").await;
    assert!(none.code == Some(0) && none.stderr.contains("no engines"), "{none:?}");
    lab.sql(
        "update eventlease.engine_states set registered_at = registered_at - interval '90 seconds',
             last_poll_at = last_poll_at - interval '90 seconds', last_settled_at = last_settled_at - interval '90 seconds'",
    )
    .await;
    let table = printed(ask(&lab, "engines --zombie --idle").await);
    assert_eq!(cell(&row_with(&table, &engine), "STATUS"), "active");
    let table = printed(ask(&lab, "engines summary").await);
    let row = row_with(&table, "dialogue");
    let cells = ["TYPE", "STATUS", "ENGINES", "ZOMBIE", "IDLE"].map(|name| cell(&row, name));
    assert_eq!(cells, ["dialogue", "active", "1", "1", "1"], "{table}");
    let json: Value = printed_json(ask(&lab, "engines summary --engine-type dialogue --json").await);
    assert_eq!(json["groups"][0]["zombie"], 1);
}
