//! Many dead letters at a time: redriven, purged, grouped.

use serde_json::{Value, json};

use super::{copy, list, make_dead_letter};
use crate::support::{Lab, Reply};

const REDRIVE: &str = "/api/v1/dead-letters/redrive";
const PURGE: &str = "/api/v1/dead-letters/purge";

async fn make_dead_letters(lab: &Lab, engine_type: &str, count: usize) -> Vec<String> {
    let mut letters = Vec::new();
    for _ in 0..count {
        letters
            .push(make_dead_letter(lab, engine_type, json!({}), json!({"type": "Timeout", "message": "late"})).await);
    }
    letters
}

/// As the end of the retention does it: partition by partition.
async fn drop_history(lab: &Lab, event_id: &str) {
    for table in ["events", "event_attempts"] {
        assert!(lab.sql(&format!("delete from eventlease.{table} where event_id = '{event_id}'")).await > 0);
    }
}

fn told(reply: &Reply, done: &str) -> [i64; 3] {
    ["matched", done, "remaining"].map(|member| reply.body[member].as_i64().unwrap_or_else(|| panic!("{reply:?}")))
}

async fn available_at(lab: &Lab, event_id: &str) -> chrono::DateTime<chrono::Utc> {
    let event = lab.event(event_id).await;
    assert_eq!(event["status"], "queued");
    event["available_at"].as_str().and_then(|text| text.parse().ok()).expect("a time")
}

#[tokio::test]
async fn the_oldest_that_match_are_redriven_up_to_the_limit() {
    let lab = Lab::start().await;
    let letters = make_dead_letters(&lab, "dialogue", 3).await;
    let other = make_dead_letter(&lab, "vision", json!({}), json!("no")).await;
    let body =
        json!({"filter": {"engine_type": "dialogue", "error_contains": "LATE"}, "limit": 2, "expected_count": 3});
    let reply = lab.post(REDRIVE, &body).await.expect(200);
    assert_eq!(told(&reply, "redriven"), [3, 2, 1]);
    assert_eq!(reply.body["event_ids"], json!(letters[..2]));
    assert_eq!(list(&lab, "").await.event_ids(), [other.as_str(), &letters[2]]);
    let again = lab.post(REDRIVE, &json!({"filter": {"engine_type": "dialogue"}})).await.expect(200);
    assert_eq!(told(&again, "redriven"), [1, 1, 0]);
    let nothing = lab.post(REDRIVE, &json!({"filter": {"engine_type": "dialogue"}})).await.expect(200);
    assert_eq!(told(&nothing, "redriven"), [0, 0, 0]);
    let metric = r#"eventlease_dead_letters_redriven_total{engine_type="dialogue"}"#;
    assert!((lab.metric(metric).await - 3.0).abs() < f64::EPSILON);
    let engine = lab.register("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!((&leased["event_id"], &leased["retries_left"]), (&json!(letters[0]), &json!(3)));
}

#[tokio::test]
async fn all_are_redriven_where_all_is_said_in_as_many_steps_as_it_takes() {
    let lab = Lab::start().await;
    let letter = make_dead_letter(&lab, "dialogue", json!({"payload": {"n": 1}}), json!("no")).await;
    // More than go with one commit.
    copy(&lab, &letter, 450).await;
    let reply = lab.post(REDRIVE, &json!({"all": true, "limit": 440, "spread_seconds": 3600})).await.expect(200);
    assert_eq!(told(&reply, "redriven"), [451, 440, 11]);
    let (spread, distinct): (f64, i64) = sqlx::query_as(
        "select extract(epoch from max(available_at) - min(available_at))::float8, count(distinct available_at)
         from eventlease.event_queue",
    )
    .fetch_one(&lab.db)
    .await
    .expect("numbers");
    assert!((3580.0..3600.0).contains(&spread), "{spread}");
    assert_eq!(distinct, 440);
    let purged = lab.post(PURGE, &json!({"all": true, "expected_count": 11})).await.expect(200);
    assert_eq!(told(&purged, "purged"), [11, 11, 0]);
    let total: i64 =
        sqlx::query_scalar("select count(*) from eventlease.event_queue").fetch_one(&lab.db).await.expect("");
    assert_eq!(total, 440);
}

#[tokio::test]
async fn a_spread_is_even_begins_after_the_delay_and_keeps_the_order() {
    let lab = Lab::start().await;
    let letters = make_dead_letters(&lab, "dialogue", 4).await;
    let body = json!({"all": true, "delay_seconds": 100, "spread_seconds": 40, "priority": 8,
        "visibility_timeout_seconds": 77, "retry_policy": {"max_retries": 0}});
    lab.post(REDRIVE, &body).await.expect(200);
    let first = available_at(&lab, &letters[0]).await;
    let due_in: f64 = sqlx::query_scalar("select extract(epoch from $1 - statement_timestamp())::float8")
        .bind(first)
        .fetch_one(&lab.db)
        .await
        .expect("seconds");
    assert!((70.0..=100.0).contains(&due_in), "{due_in}");
    for (index, letter) in letters.iter().enumerate() {
        let after = (available_at(&lab, letter).await - first).num_milliseconds();
        assert_eq!(after, i64::try_from(index).expect("small") * 10_000);
    }
    lab.make_due(&letters[0]).await;
    let leased = lab.lease_one("dialogue", &lab.register("dialogue", json!({})).await).await;
    assert_eq!((&leased["priority"], &leased["retries_left"]), (&json!(8), &json!(0)));
    assert_eq!(leased["lease"]["visibility_timeout_seconds"], 77);
}

#[tokio::test]
async fn history_that_was_dropped_beneath_some_of_them_comes_back() {
    let lab = Lab::start().await;
    let letters = make_dead_letters(&lab, "dialogue", 3).await;
    let attempts = lab.attempts(&letters[1]).await;
    drop_history(&lab, &letters[1]).await;
    let halved = format!("delete from eventlease.event_attempts where event_id = '{}'", letters[2]);
    assert_eq!(lab.sql(&halved).await, 1);
    let reply = lab.post(REDRIVE, &json!({"all": true})).await.expect(200);
    assert_eq!(told(&reply, "redriven"), [3, 3, 0]);
    assert_eq!(lab.attempts(&letters[1]).await, attempts);
    let engine = lab.register("dialogue", json!({})).await;
    for letter in &letters {
        let leased = lab.lease_one("dialogue", &engine).await;
        assert_eq!(
            (&leased["event_id"], &leased["attempt"], &leased["payload"]),
            (&json!(letter), &json!(2), &json!({"n": 1}))
        );
    }
}

#[tokio::test]
async fn two_redrives_of_the_same_put_each_back_once() {
    let lab = Lab::start().await;
    make_dead_letters(&lab, "dialogue", 5).await;
    let all = json!({"all": true});
    let five = json!({"filter": {"reason": "not_retryable"}, "expected_count": 5});
    let (one, other, purged) = tokio::join!(lab.post(REDRIVE, &all), lab.post(REDRIVE, &all), lab.post(PURGE, &five),);
    let redriven = told(&one.expect(200), "redriven")[1] + told(&other.expect(200), "redriven")[1];
    let purged = if purged.status == 200 { told(&purged, "purged")[1] } else { 0 };
    assert_eq!(redriven + purged, 5);
    let queued: i64 =
        sqlx::query_scalar("select count(*) from eventlease.event_queue").fetch_one(&lab.db).await.expect("a count");
    assert_eq!(queued, redriven);
}

#[tokio::test]
async fn a_redrive_of_many_wakes_the_polls_that_wait_for_them() {
    let lab = Lab::start_with(&["--recheck-interval-ms", "5000"]).await;
    let letter = make_dead_letter(&lab, "dialogue", json!({}), json!("no")).await;
    let engine = lab.register("dialogue", json!({})).await;
    let poll = lab.poll("dialogue", &engine, "wait_seconds=30");
    let redrive = async {
        lab.wait_for_parked_polls(1).await;
        let started = std::time::Instant::now();
        (lab.post(REDRIVE, &json!({"all": true})).await.expect(200), started)
    };
    let (polled, (_, started)) = tokio::join!(poll, redrive);
    assert_eq!(polled.expect(200).body["events"][0]["event_id"], json!(letter));
    assert!(started.elapsed().as_secs_f64() < 2.5, "it was not woken");
}

#[tokio::test]
async fn a_purged_dead_letter_is_gone_and_its_event_stays_failed() {
    let lab = Lab::start().await;
    let letters = make_dead_letters(&lab, "dialogue", 3).await;
    let dry = lab.post(PURGE, &json!({"all": true, "dry_run": true})).await.expect(200);
    assert_eq!(told(&dry, "purged"), [3, 0, 3]);
    assert_eq!(dry.body["event_ids"], json!([]));
    let reply = lab.post(PURGE, &json!({"all": true, "limit": 2, "expected_count": 3})).await.expect(200);
    assert_eq!(reply.body["event_ids"], json!(letters[..2]));
    assert_eq!(told(&reply, "purged"), [3, 2, 1]);
    assert_eq!(list(&lab, "").await.event_ids(), [letters[2].as_str()]);
    let event = lab.event(&letters[0]).await;
    assert_eq!((&event["status"], &event["dead_letter_reason"]), (&json!("failed"), &Value::Null));
    assert!((lab.metric("eventlease_dead_letters_discarded_total").await - 2.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn what_was_redriven_as_another_event_is_purged_and_not_redriven() {
    let lab = Lab::start().await;
    let letters = make_dead_letters(&lab, "dialogue", 2).await;
    lab.post(&format!("/api/v1/dead-letters/{}/redrive", letters[0]), &json!({"payload": "better"})).await.expect(201);
    let dry = lab.post(REDRIVE, &json!({"all": true, "dry_run": true})).await.expect(200);
    assert_eq!(told(&dry, "redriven"), [1, 0, 1]);
    let purged = lab.post(PURGE, &json!({"all": true, "expected_count": 2})).await.expect(200);
    assert_eq!(told(&purged, "purged"), [2, 2, 0]);
}

#[tokio::test]
async fn dead_letters_are_grouped_by_what_they_have_in_common() {
    let lab = Lab::start().await;
    let timeouts = make_dead_letters(&lab, "dialogue", 3).await;
    let plain = make_dead_letter(&lab, "vision", json!({"event_type": "image.seen"}), json!("no")).await;
    let groups = async |query: &str| lab.get(&format!("/api/v1/dead-letters/groups?{query}")).await.expect(200);
    let all = groups("").await;
    assert_eq!((all.body["items"].as_array().map(Vec::len), &all.body["has_more"]), (Some(2), &json!(false)));
    let first = &all.body["items"][0];
    let by = ["reason", "event_type", "error_type", "engine_software_version"].map(|member| first[member].clone());
    assert_eq!(by, ["not_retryable", "test.happened", "Timeout", "dialogue-1.2"].map(|text| json!(text)));
    assert_eq!(
        (&first["count"], &first["redrivable"], &first["sample_event_id"]),
        (&json!(3), &json!(3), &json!(timeouts[2]))
    );
    let of_letter = async |event_id: &str| {
        lab.get(&format!("/api/v1/dead-letters/{event_id}")).await.expect(200).text("dead_lettered_at")
    };
    assert_eq!(first["first_dead_lettered_at"], of_letter(&timeouts[0]).await);
    assert_eq!(first["last_dead_lettered_at"], of_letter(&timeouts[2]).await);
    assert_eq!(all.body["items"][1]["error_type"], Value::Null);
    assert!(all.body["items"][1].get("error_type").is_some(), "they are grouped by it");

    let by_reason = groups("by=reason").await;
    assert_eq!(by_reason.body["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&by_reason.body["items"][0]["count"], &by_reason.body["items"][0]["sample_event_id"]),
        (&json!(4), &json!(plain))
    );
    assert!(by_reason.body["items"][0].get("event_type").is_none());
    assert_eq!(groups("by=error_type,event_type").await.body["items"].as_array().map(Vec::len), Some(2));
    let filtered = groups("by=reason&engine_type=vision").await;
    assert_eq!(filtered.body["items"][0]["count"], 1);
    assert_eq!(groups("reason=retries_exhausted").await.body["items"], json!([]));
}

#[tokio::test]
async fn the_largest_groups_come_first_and_it_is_told_that_there_are_more() {
    let lab = Lab::start().await;
    let letter = make_dead_letter(&lab, "dialogue", json!({}), json!("no")).await;
    lab.sql(&format!(
        "insert into eventlease.dead_letters (event_id, engine_type, event_type, reason, payload, payload_bytes, priority,
            created_at, dead_lettered_at, attempt, failures, lease_losses, redrives, attempts)
         select eventlease.new_event_id(statement_timestamp(), n), engine_type, 'type.' || n / 2, reason, payload,
            payload_bytes, priority, created_at, dead_lettered_at, attempt, failures, lease_losses, redrives, attempts
         from generate_series(1, 401) n, eventlease.dead_letters where event_id = '{letter}'"
    ))
    .await;
    let reply = lab.get("/api/v1/dead-letters/groups?by=event_type").await.expect(200);
    let counts: Vec<i64> =
        reply.body["items"].as_array().expect("a list").iter().filter_map(|item| item["count"].as_i64()).collect();
    assert_eq!((counts.len(), &reply.body["has_more"]), (200, &json!(true)));
    assert!(counts.iter().all(|count| *count == 2), "{counts:?}");
    // Nobody enqueued them.
    lab.sql(&format!("delete from eventlease.dead_letters where event_id <> '{letter}'")).await;
}
