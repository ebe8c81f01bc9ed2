//! Queues, engines and events, as tables and as JSON; and queues paused and resumed.

use serde_json::{Value, json};

use super::{HOSTILE, ask, assert_harmless, cell, printed, printed_json, row_with};
use crate::cli::program::run_beside;
use crate::support::Lab;

#[tokio::test(flavor = "multi_thread")]
async fn queues_are_listed_and_one_is_told_in_detail() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for _ in 0..3 {
        lab.enqueue("dialogue", json!({})).await;
    }
    lab.enqueue("vision", json!({"delay_seconds": 1000})).await;
    lab.lease_one("dialogue", &engine).await;

    let table = printed(ask(&lab, "queues").await);
    let dialogue = row_with(&table, "dialogue");
    let cells = ["DUE", "DELAYED", "PROCESSING", "DEAD", "ENGINES"].map(|heading| cell(&dialogue, heading));
    assert_eq!(cells, ["2", "0", "1", "0", "1"], "{table}");
    assert_eq!(cell(&row_with(&table, "vision"), "DELAYED"), "1");

    let json = printed_json(ask(&lab, "queues --json").await);
    assert_eq!(json["items"][0]["engine_type"], "dialogue");
    assert_eq!(json["next_cursor"], Value::Null);
    let first = printed_json(ask(&lab, "queues --json --limit 1").await);
    assert_eq!((first["items"].as_array().map(Vec::len), &first["next_cursor"]), (Some(1), &json!("dialogue")));

    let detail = printed(ask(&lab, "queues dialogue").await);
    for fact in ["1 active, 0 draining, 0 unresponsive", "visibility_timeout_seconds = 300", "retry_delay.initial = 30"]
    {
        assert!(detail.contains(fact), "{fact}: {detail}");
    }
    let json = printed_json(ask(&lab, "queues dialogue --json").await);
    assert_eq!(json["processing"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_is_deleted_unless_it_is_needed() {
    let lab = Lab::start().await;
    lab.enqueue("dialogue", json!({})).await;
    let refused = ask(&lab, "queues delete dialogue").await;
    assert!(refused.code == Some(1) && refused.stderr.contains("open events"), "{refused:?}");
    for name in ["spare", "delete"] {
        lab.post(&format!("/api/v1/queues/{name}/pause"), &json!({})).await.expect(200);
    }
    let named_like_a_command = ["queues", "--url", lab.url.as_str(), "--", "delete"].map(str::to_owned);
    assert!(printed(run_beside(named_like_a_command.to_vec()).await).contains("paused"));
    let told = printed(ask(&lab, "queues delete spare").await);
    assert!(told.contains("deleted") && told.contains("spare"), "{told}");
    lab.get("/api/v1/queues/spare").await.problem(404, "queue_not_found");
    assert_eq!(printed_json(ask(&lab, "queues delete delete --json").await), Value::Null);
    let unknown = ask(&lab, "queues delete spare").await;
    assert!(unknown.code == Some(1) && unknown.stderr.contains("no queue spare"), "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_is_paused_and_resumed() {
    let lab = Lab::start().await;
    lab.enqueue("dialogue", json!({})).await;
    let told = printed(ask(&lab, "pause dialogue --reason upkeep --resume-after-seconds 600").await);
    for fact in ["paused", "dialogue", "upkeep", "in 10 min"] {
        assert!(told.contains(fact), "{fact}: {told}");
    }
    let queue = lab.get("/api/v1/queues/dialogue").await.expect(200).body;
    assert_eq!(queue["pause"]["reason"], "upkeep");
    assert!(cell(&row_with(&printed(ask(&lab, "queues").await), "dialogue"), "STATE").starts_with("paused"));

    let json = printed_json(ask(&lab, "resume dialogue --json").await);
    assert_eq!(json["pause"], Value::Null);

    // A name that may be misspelt is told.
    let ended = ask(&lab, "pause dialog").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("queue dialog did not exist until now"), "{ended:?}");
    printed(ask(&lab, "resume dialog").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn engines_are_listed_by_filters_and_one_is_told_with_what_it_holds() {
    let lab = Lab::start().await;
    let limited = json!({"metadata": {"static_config": {
        "engine_software_version": "2.1.0", "resource_limits": {"max_concurrent_events": 5}
    }}});
    let engine = lab.register("dialogue", limited).await;
    let other = lab.register("vision", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &engine).await;

    lab.wait_for("the poll to be noted", async || {
        let engine = lab.get(&format!("/api/v1/engines/{engine}")).await.expect(200);
        engine.body["last_poll_at"].is_string().then_some(())
    })
    .await;

    let table = printed(ask(&lab, "engines").await);
    let row = row_with(&table, &engine);
    let cells = ["TYPE", "STATUS", "HELD", "LIMIT", "VERSION"].map(|heading| cell(&row, heading));
    assert_eq!(cells, ["dialogue", "active", "1", "5", "2.1.0"], "{table}");
    // When it last asked for work.
    assert!(cell(&row, "LAST POLL") == "now" || cell(&row, "LAST POLL").ends_with(" s ago"), "{table}");
    assert_eq!(cell(&row_with(&table, &other), "LAST POLL"), "never", "{table}");

    let filtered =
        printed(ask(&lab, "engines --engine-type dialogue --status active --engine-software-version 2.1.0").await);
    assert!(filtered.contains(&engine) && !filtered.contains(&other), "{filtered}");
    let none = ask(&lab, "engines --status draining").await;
    assert_eq!((none.stdout.as_str(), none.stderr.as_str()), ("", "no engines\n"));

    let detail = printed(ask(&lab, &format!("engines {engine}")).await);
    for fact in ["its calls, after 45 s of silence; its leases end when they expire", &event_id, "in 5 min"] {
        assert!(detail.contains(fact), "{fact}: {detail}");
    }
    let json = printed_json(ask(&lab, &format!("engines {engine} --json")).await);
    assert_eq!(json["engine_id"], engine);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_listed_page_by_page_up_to_the_limit() {
    let lab = Lab::start().await;
    let raw = r#"{"engine_type": "dialogue", "event_type": "test.happened", "payload": [12345678901234567890123]}"#;
    let batch = format!("{{\"events\": [{}]}}", vec![raw; 205].join(","));
    lab.send_raw("POST", "/api/v1/events/batch", batch).await.expect(201);

    let all = ask(&lab, "events --engine-type dialogue --limit 300 --json --payload").await;
    assert_eq!(all.stdout.matches("[12345678901234567890123]").count(), 205, "as they were sent");
    let all = printed_json(all);
    assert_eq!((all["items"].as_array().map(Vec::len), &all["next_cursor"]), (Some(205), &Value::Null));
    let most = printed_json(ask(&lab, "events --limit 203 --json").await);
    assert_eq!(most["items"].as_array().map(Vec::len), Some(203));
    assert!(most["next_cursor"].is_string());

    let table = ask(&lab, "events --limit 2").await;
    assert_eq!(table.stdout.lines().count(), 3, "{table:?}");
    assert_eq!(table.stderr, "the first 2 events; there are more: see --limit\n");
    let none = ask(&lab, "events --engine-type dialogue --status failed").await;
    assert_eq!((none.code, none.stdout.as_str(), none.stderr.as_str()), (Some(0), "", "no events\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_told_with_its_attempts_and_nothing_in_it_reaches_the_terminal() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let raw =
        "{\"engine_type\": \"dialogue\", \"event_type\": \"e\", \"payload\":\r{\"\u{9b}31m\":\n\"\u{7f}\u{202e}\"}}";
    let event_id = lab.send_raw("POST", "/api/v1/events", raw).await.expect(201).text("event_id");
    let leased = lab.lease_one("dialogue", &engine).await;
    let error = json!({"error": {"type": "Timeout", "message": HOSTILE}, "delay_seconds": 1000});
    lab.settle(&leased, "failed", error).await.expect(200);

    let detail = printed(ask(&lab, &format!("events {event_id}")).await);
    assert_harmless(&detail);
    for fact in ["Timeout: boom \\u001b[2J\\u009b31m\\u202egnp.exe\\u000d\\nnext", "in 17 min", &engine, "queued"] {
        assert!(detail.contains(fact), "{fact}: {detail}");
    }
    let table = printed(ask(&lab, "events").await);
    assert_harmless(&table);
    let row = row_with(&table, &event_id);
    assert_eq!(cell(&row, "SINCE OR UNTIL"), "due in 17 min", "{table}");

    let json = ask(&lab, &format!("events {event_id} --json")).await;
    assert_harmless(&json.stdout);
    let json = printed_json(json);
    assert_eq!(json["payload"], json!({"\u{9b}31m": "\u{7f}\u{202e}"}), "it means the same");
    assert_eq!(json["error"]["message"], HOSTILE);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_in_several_pages_is_told_whole() {
    let lab = Lab::start().await;
    let limits = json!({"static_config": {"resource_limits": {"max_concurrent_events": 1000}}});
    let engine = lab.register("dialogue", json!({"metadata": limits})).await;
    // Each page of leases ends at four of them.
    let payload = "x".repeat((1 << 20) - 2);
    let mut event_ids = Vec::new();
    for _ in 0..9 {
        event_ids.push(lab.enqueue("dialogue", json!({"payload": payload})).await);
        lab.lease_one("dialogue", &engine).await;
    }
    let told = printed(ask(&lab, &format!("engines {engine}")).await);
    assert!(event_ids.iter().all(|event_id| told.contains(event_id)), "{told}");

    // And a dead letter comes with its newest attempts, which are no more than 4 MiB.
    let narrator = lab.register("narration", json!({})).await;
    let policy = json!({"max_retries": 19, "retry_delay": {"initial": 0, "max": 0}});
    let dead = lab.enqueue("narration", json!({"retry_policy": policy})).await;
    for n in 1..=20 {
        let leased = lab.lease_one("narration", &narrator).await;
        let error = json!({"message": format!("broke {n}."), "details": "x".repeat(250_000)});
        lab.settle(&leased, "failed", json!({"error": error})).await.expect(200);
    }
    let told = printed(ask(&lab, &format!("dead-letters show {dead}")).await);
    for n in 1..=20 {
        let found = told.lines().filter(|line| line.contains(&format!("broke {n}."))).count();
        // The last error stands above the attempts as well.
        assert_eq!(found, if n == 20 { 2 } else { 1 }, "{n}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strings_that_no_text_holds_break_no_table() {
    let lab = Lab::start().await;
    let body = r#"{"engine_type": "dialogue", "metadata": {
        "static_config": {"engine_software_version": "1.0", "\ud83d": "\udc00", "resource_limits": {"max_concurrent_events": 7}},
        "dynamic_state": {"mood": "\ud83d"}}}"#;
    let engine = lab.send_raw("POST", "/api/v1/engines", body).await.expect(201);
    let engine = crate::bad_input::text_in(&engine.raw, "engine_id");
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let token = leased["lease"]["lease_token"].as_str().expect("a token");
    let report = format!(
        r#"{{"status": "failed", "lease_token": "{token}", "retryable": false, "error": {{"type": "Cut", "message": "half \ud83d"}}}}"#
    );
    lab.send_raw("PUT", &format!("/api/v1/events/{event_id}/status"), report).await.expect(200);

    let engines = printed(ask(&lab, "engines").await);
    let row = row_with(&engines, &engine);
    assert_eq!((cell(&row, "LIMIT"), cell(&row, "VERSION")), ("7", "1.0"), "{engines}");
    let detail = printed(ask(&lab, &format!("engines {engine}")).await);
    assert!(detail.contains(r#"{"mood": "\ud83d"}"#), "{detail}");
    for command in
        ["events", "dead-letters list", &format!("events {event_id}"), &format!("dead-letters show {event_id}")]
    {
        let told = printed(ask(&lab, command).await);
        assert!(told.contains("Cut: half \u{fffd}"), "{command}: {told}");
    }
}
