//! Dead letters: found, read, put back, discarded.

mod bulk;
mod fingerprints;
mod other_payload;

use serde_json::{Value, json};

use crate::support::{Lab, Reply, unknown_id};

/// Enqueues an event and lets an engine refuse it as hopeless.
pub async fn make_dead_letter(lab: &Lab, engine_type: &str, event: Value, error: Value) -> String {
    let version = json!({"metadata": {"static_config": {"engine_software_version": format!("{engine_type}-1.2")}}});
    let engine = lab.register(engine_type, version).await;
    let event_id = lab.enqueue(engine_type, event).await;
    let leased = lab.lease_one(engine_type, &engine).await;
    let settled = lab.settle(&leased, "failed", json!({"retryable": false, "error": error})).await.expect(200);
    assert_eq!((&settled.body["status"], &settled.body["outcome"]), (&json!("failed"), &json!("dead_lettered")));
    event_id
}

/// Makes many dead letters of one, each with its event and attempt.
pub async fn copy(lab: &Lab, letter: &str, count: u32) {
    lab.sql(&format!(
        "with made as (
            select eventlease.new_event_id(statement_timestamp(), n) as id from generate_series(1, {count}) n
         ), facts as (
            insert into eventlease.events (event_id, engine_type, event_type, payload, payload_bytes, priority, created_at)
            select made.id, engine_type, event_type, payload, payload_bytes, priority, created_at
            from made, eventlease.events where event_id = '{letter}'
         ), attempts as (
            insert into eventlease.event_attempts (event_id, engine_type, attempt, leased_at, ended_at, outcome, final_status)
            select made.id, engine_type, attempt, leased_at, ended_at, outcome, final_status
            from made, eventlease.event_attempts where event_id = '{letter}'
         )
         insert into eventlease.dead_letters (event_id, engine_type, event_type, reason, payload, payload_bytes, priority,
            created_at, dead_lettered_at, attempt, failures, lease_losses, redrives, attempts)
         select made.id, engine_type, event_type, reason, payload, payload_bytes, priority, created_at,
            dead_lettered_at, attempt, failures, lease_losses, redrives, attempts
         from made, eventlease.dead_letters where event_id = '{letter}'"
    ))
    .await;
}

async fn list(lab: &Lab, query: &str) -> Reply {
    lab.get(&format!("/api/v1/dead-letters?{query}")).await.expect(200)
}

#[tokio::test]
async fn dead_letters_are_found_by_what_they_are() {
    let lab = Lab::start().await;
    let timeout = json!({"type": "Timeout", "message": "No Answer in 5 s"});
    let dialogue = make_dead_letter(&lab, "dialogue", json!({"scenario_run_id": "run-1"}), timeout).await;
    let vision =
        make_dead_letter(&lab, "vision", json!({"event_type": "image.seen"}), json!("100% broken_image")).await;
    let engine = lab.register("audio", json!({})).await;
    let audio = lab.enqueue("audio", json!({"retry_policy": {"dead_letter_threshold": 1}})).await;
    lab.lease_one("audio", &engine).await;
    lab.expire(&audio).await;
    lab.wait_for_status(&audio, "failed").await;
    let all = list(&lab, "").await;
    assert_eq!(all.event_ids(), [audio.as_str(), &vision, &dialogue], "the newest first");
    assert!(all.body["items"].as_array().expect("a list").iter().all(|item| item.get("payload").is_none()));

    let middle = all.body["items"][1]["dead_lettered_at"].as_str().expect("a time").to_owned();
    for (query, expected) in [
        ("engine_type=dialogue".to_owned(), vec![&dialogue]),
        ("event_type=image.seen".to_owned(), vec![&vision]),
        ("reason=not_retryable".to_owned(), vec![&vision, &dialogue]),
        ("reason=lease_losses_exhausted".to_owned(), vec![&audio]),
        ("error_type=Timeout".to_owned(), vec![&dialogue]),
        ("error_contains=no%20answer".to_owned(), vec![&dialogue]),
        ("error_contains=0%25%20broken_".to_owned(), vec![&vision]),
        ("error_contains=n_%20answer".to_owned(), vec![]),
        ("scenario_run_id=run-1".to_owned(), vec![&dialogue]),
        ("engine_software_version=vision-1.2".to_owned(), vec![&vision]),
        (format!("dead_lettered_after={middle}"), vec![&audio, &vision]),
        (format!("dead_lettered_before={middle}"), vec![&dialogue]),
        ("redrives_max=0".to_owned(), vec![&audio, &vision, &dialogue]),
        ("engine_type=dialogue&event_type=image.seen".to_owned(), vec![]),
    ] {
        assert_eq!(list(&lab, &query).await.event_ids().iter().collect::<Vec<_>>(), expected, "{query}");
    }
    let with_payload = list(&lab, "engine_type=vision&include=payload").await;
    assert_eq!(with_payload.body["items"][0]["payload"], json!({"n": 1}));
    lab.get("/api/v1/dead-letters?reason=bad_luck&redrives_max=-1").await.problem(422, "invalid_input");
}

#[tokio::test]
async fn pages_stay_whole_while_dead_letters_come_and_go() {
    let lab = Lab::start().await;
    let mut letters = Vec::new();
    for _ in 0..5 {
        letters.push(make_dead_letter(&lab, "dialogue", json!({}), json!("no")).await);
    }
    letters.reverse();
    let first = list(&lab, "limit=2").await;
    assert_eq!(first.event_ids(), letters[..2]);
    make_dead_letter(&lab, "dialogue", json!({}), json!("no")).await;
    lab.delete(&format!("/api/v1/dead-letters/{}", letters[1])).await.expect(204);
    let second = list(&lab, &format!("limit=2&cursor={}", first.text("next_cursor"))).await;
    assert_eq!(second.event_ids(), letters[2..4]);
    let last = list(&lab, &format!("limit=2&cursor={}", second.text("next_cursor"))).await;
    assert_eq!(last.event_ids(), letters[4..]);
    assert_eq!(last.body["next_cursor"], Value::Null);
}

#[tokio::test]
async fn a_dead_letter_is_read_with_its_payload_and_all_its_attempts() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab
        .enqueue("dialogue", json!({"payload": {"line": "hello"}, "priority": 7, "retry_policy": {"max_retries": 1}}))
        .await;
    for message in ["first", "second"] {
        lab.make_due(&event_id).await;
        let leased = lab.lease_one("dialogue", &engine).await;
        let token = leased["lease"]["lease_token"].as_str().expect("a token");
        let report = format!(
            r#"{{"status": "failed", "lease_token": "{token}", "error": {{"message": "{message}", "details": [1.50, "\u0000"]}}}}"#
        );
        lab.send_raw("PUT", &format!("/api/v1/events/{event_id}/status"), report).await.expect(200);
    }
    let reply = lab.get(&format!("/api/v1/dead-letters/{event_id}")).await.expect(200);
    assert!(reply.raw.contains(r#"[1.50, "\u0000"]"#), "kept as sent: {}", reply.raw);
    let letter = reply.body;
    assert_eq!(letter["payload"], json!({"line": "hello"}));
    assert_eq!(letter["reason"], "retries_exhausted");
    assert_eq!((&letter["priority"], &letter["attempt"], &letter["failures"]), (&json!(7), &json!(2), &json!(2)));
    assert_eq!(letter["error"]["message"], "second");
    let attempts = letter["attempts"].as_array().expect("a list");
    let told = |index: usize| (attempts[index]["attempt"].clone(), attempts[index]["error"]["message"].clone());
    assert_eq!((told(0), told(1)), ((json!(2), json!("second")), (json!(1), json!("first"))));
    assert_eq!((&attempts[0]["final_status"], &attempts[1]["final_status"]), (&json!("failed"), &Value::Null));
}

#[tokio::test]
async fn a_redriven_event_keeps_its_id_and_history_and_gets_fresh_budgets() {
    let lab = Lab::start().await;
    let event_id = make_dead_letter(&lab, "dialogue", json!({"payload": "again"}), json!("no")).await;
    let redriven = lab.post(&format!("/api/v1/dead-letters/{event_id}/redrive"), &json!({})).await.expect(200).body;
    assert_eq!((&redriven["event_id"], &redriven["status"]), (&json!(event_id), &json!("queued")));
    let counts = ["failures", "lease_losses", "redrives"].map(|member| redriven[member].clone());
    assert_eq!(counts, [json!(0), json!(0), json!(1)]);
    assert_eq!(list(&lab, "").await.event_ids(), [""; 0]);
    lab.get(&format!("/api/v1/dead-letters/{event_id}")).await.problem(409, "not_a_dead_letter");

    let leased = lab.lease_one("dialogue", &lab.register("dialogue", json!({})).await).await;
    assert_eq!((&leased["event_id"], &leased["payload"]), (&json!(event_id), &json!("again")));
    let told = ["attempt", "max_attempts", "retries_left", "losses_left"].map(|member| leased[member].clone());
    assert_eq!(told, [2, 5, 3, 3].map(|number| json!(number)));
    assert_eq!(leased["previous"]["outcome"], "failed");
    lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
    let letter = lab.get(&format!("/api/v1/dead-letters/{event_id}")).await.expect(200).body;
    assert_eq!((&letter["redrives"], &letter["attempt"]), (&json!(1), &json!(2)));
    assert_eq!(letter["attempts"].as_array().map(Vec::len), Some(2));
    assert_eq!(list(&lab, "redrives_max=0").await.event_ids(), [""; 0]);
}

#[tokio::test]
async fn a_redrive_brings_history_back_that_was_dropped_beneath_the_dead_letter() {
    let lab = Lab::start().await;
    let event_id =
        make_dead_letter(&lab, "dialogue", json!({"payload": "\0"}), json!({"message": "\0", "details": "\0"})).await;
    let attempts = lab.attempts(&event_id).await;
    // As the end of the retention does it: partition by partition.
    for table in ["events", "event_attempts"] {
        assert_eq!(lab.sql(&format!("delete from eventlease.{table} where event_id = '{event_id}'")).await, 1);
    }
    let letter = lab.get(&format!("/api/v1/dead-letters/{event_id}")).await.expect(200).body;
    assert_eq!(letter["attempts"], json!(attempts));
    lab.post(&format!("/api/v1/dead-letters/{event_id}/redrive"), &json!({})).await.expect(200);
    assert_eq!(lab.attempts(&event_id).await, attempts);
    let leased = lab.lease_one("dialogue", &lab.register("dialogue", json!({})).await).await;
    assert_eq!((&leased["payload"], &leased["attempt"]), (&json!("\0"), &json!(2)));
}

#[tokio::test]
async fn a_redrive_may_change_how_the_event_is_treated() {
    let lab = Lab::start().await;
    let event_id = make_dead_letter(&lab, "dialogue", json!({"priority": 1}), json!("no")).await;
    let changes = json!({
        "priority": 9, "delay_seconds": 600, "visibility_timeout_seconds": 77, "retry_policy": {"max_retries": 0}
    });
    let redriven = lab.post(&format!("/api/v1/dead-letters/{event_id}/redrive"), &changes).await.expect(200).body;
    assert_eq!(redriven["priority"], 9);
    let engine = lab.register("dialogue", json!({})).await;
    assert_eq!(lab.poll("dialogue", &engine, "").await.expect(200).body["events"], json!([]), "it is delayed");
    lab.make_due(&event_id).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!(leased["lease"]["visibility_timeout_seconds"], 77);
    assert_eq!((&leased["priority"], &leased["retries_left"]), (&json!(9), &json!(0)));
    let settled = lab.settle(&leased, "failed", json!({})).await.expect(200);
    assert_eq!(settled.body["outcome"], "dead_lettered");
}

#[tokio::test]
async fn a_discarded_dead_letter_is_gone_and_its_event_stays_failed() {
    let lab = Lab::start().await;
    let event_id = make_dead_letter(&lab, "dialogue", json!({}), json!("no")).await;
    lab.delete(&format!("/api/v1/dead-letters/{event_id}")).await.expect(204);
    let event = lab.event(&event_id).await;
    assert_eq!((&event["status"], &event["dead_letter_reason"]), (&json!("failed"), &Value::Null));
    assert_eq!(lab.attempts(&event_id).await.len(), 1);
    lab.post(&format!("/api/v1/dead-letters/{event_id}/redrive"), &json!({})).await.problem(409, "not_a_dead_letter");
}

#[tokio::test]
async fn what_is_no_dead_letter_is_not_treated_as_one() {
    let lab = Lab::start().await;
    let queued = lab.enqueue("dialogue", json!({})).await;
    for (event_id, status, code) in [(queued, 409, "not_a_dead_letter"), (unknown_id(), 404, "event_not_found")] {
        let path = format!("/api/v1/dead-letters/{event_id}");
        lab.get(&path).await.problem(status, code);
        lab.delete(&path).await.problem(status, code);
        let refused = lab.post(&format!("{path}/redrive"), &json!({})).await.problem(status, code);
        if status == 409 {
            assert_eq!(refused.body["event_status"], "queued");
        }
    }
}

/// As when a newer replica has migrated: what is prepared already must still fit.
#[tokio::test]
async fn a_dead_letter_is_read_also_after_its_table_got_another_column() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
    let read_on_every_connection = async || {
        for _ in 0..10 {
            lab.get(&format!("/api/v1/dead-letters/{event_id}")).await.expect(200);
        }
    };
    read_on_every_connection().await;
    lab.sql("alter table eventlease.dead_letters add column later text").await;
    read_on_every_connection().await;
}
