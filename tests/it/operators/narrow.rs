//! Tables on a terminal with 80 characters in a line: no line is longer, and ids are whole.

use serde_json::json;

use super::make_dead_letter;
use super::terminal::shown_on;
use crate::support::Lab;
use crate::trust::Guarded;

#[track_caller]
fn assert_fits(command: &str, shown: &str) {
    assert!(shown.lines().count() > 1, "{command}: {shown}");
    for line in shown.lines() {
        assert!(line.chars().count() <= 80, "{command}: {} characters\n{shown}", line.chars().count());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_line_is_longer_than_the_terminal() {
    let lab = Lab::start().await;
    let metadata = json!({"static_config": {"engine_software_version": "2026.11.3-rc1", "resource_limits": {"max_concurrent_events": 8}}});
    let engine = lab.register("dialogue", json!({"metadata": metadata, "scenario_run_id": "night-42"})).await;
    let error =
        json!({"type": "UpstreamTimeout", "message": "the model did not answer within thirty seconds, three times"});
    let dead = make_dead_letter(&lab, &engine, error.clone()).await;
    let failing = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "failed", json!({"error": error, "delay_seconds": 1000})).await.expect(200);
    let held = lab.enqueue("dialogue", json!({"event_type": "dialogue.requested"})).await;
    lab.lease_one("dialogue", &engine).await;
    let due = lab.enqueue("dialogue", json!({"event_type": "dialogue.requested"})).await;
    lab.post("/api/v1/queues/a.queue.with.a.rather.long.name/pause", &json!({"reason": "model upgrade"}))
        .await
        .expect(200);
    lab.post("/api/v1/dead-letters/redrive", &json!({"filter": {"engine_type": "vision"}})).await.expect(200);
    lab.put("/api/v1/event-types/dialogue.requested/retry-policy", &json!({"max_retries": 5})).await.expect(200);

    for (command, whole) in [
        ("queues", "dialogue"),
        ("queues dialogue", "visibility_timeout_seconds"),
        ("engines", engine.as_str()),
        (&format!("engines {engine}"), &held),
        ("events", &failing),
        (&format!("events {failing}"), &failing),
        ("dead-letters list", &dead),
        (&format!("dead-letters show {dead}"), &dead),
        ("dead-letters groups", "UpstreamTimeout"),
        ("peek dialogue", &due),
        ("policies", "dialogue.requested"),
        ("audit", "pause_queue"),
    ] {
        let arguments: Vec<&str> = command.split_whitespace().chain(["--url", &lab.url]).collect();
        let shown = shown_on(80, &arguments).await;
        assert_fits(command, &shown);
        assert!(shown.contains(whole), "{command}: {shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_out_is_said_and_a_wide_terminal_shows_all() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({"scenario_run_id": "night-42"})).await;
    let narrow = shown_on(80, &["engines", "--url", &lab.url]).await;
    let said = narrow.lines().last().expect("a line");
    assert!(said.starts_with("not shown (narrow terminal): ") && said.contains("RUN"), "{narrow}");
    assert!(!narrow.contains("night-42") && narrow.contains("LAST POLL"), "{narrow}");
    let wide = shown_on(200, &["engines", "--url", &lab.url]).await;
    assert!(wide.contains("night-42") && wide.contains(&engine) && wide.lines().count() == 2, "{wide}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_identifies_is_left_out_last() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({"scenario_run_id": "night-42"})).await;
    let error = json!({"type": "UpstreamTimeout", "message": "the model did not answer within thirty seconds"});
    let dead = make_dead_letter(&lab, &engine, error.clone()).await;
    let event_id = lab.enqueue("dialogue", json!({"event_type": "line.requested"})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "failed", json!({"error": error, "delay_seconds": 1000})).await.expect(200);
    let in_an_hour = "select to_json(statement_timestamp() + interval '1 hour')";
    let until: serde_json::Value = sqlx::query_scalar(in_an_hour).fetch_one(&lab.db).await.expect("a time");
    lab.heartbeat(&engine, json!({"holding_off": {"until": until, "reason": "429"}})).await.expect(200);
    let engines = shown_on(80, &["engines", "--url", &lab.url]).await;
    assert_fits("engines", &engines);
    assert!(engines.contains("dialogue") && engines.contains("active, holds off"), "{engines}");
    let events = shown_on(80, &["events", "--failing", "--url", &lab.url]).await;
    assert_fits("events", &events);
    assert!(events.contains("dialogue") && events.contains("queued") && events.contains(&event_id), "{events}");
    let letters = shown_on(80, &["dead-letters", "list", "--url", &lab.url]).await;
    assert_fits("dead-letters list", &letters);
    assert!(letters.contains("dialogue") && letters.contains(&dead), "{letters}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_fit_too() {
    let guarded = Guarded::start().await;
    guarded
        .token("orchestrator", json!({"name": "the night shift of the third floor", "engine_types": ["dialogue"]}))
        .await;
    let shown = shown_on(80, &["token", "list", "--url", &guarded.lab.url, "--token", &guarded.admin]).await;
    assert_fits("token list", &shown);
    assert!(shown.contains("orchestrator") && shown.contains("active"), "{shown}");
}
