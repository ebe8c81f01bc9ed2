//! What a queue's report says for autoscalers: waits, suspects, priorities, wanted slots, and estimates of deep queues.

use serde_json::{Value, json};

use super::{patch, queue};
use crate::support::Lab;

/// That many due events, made by SQL.
pub async fn fill(lab: &Lab, count: u32, priority: u8) {
    lab.sql(&format!(
        "with copies as (select eventlease.new_event_id(statement_timestamp(), n % 16384) as id from generate_series(1, {count}) n),
         facts as (insert into eventlease.events (event_id, engine_type, event_type, payload, payload_bytes, priority, created_at)
            select id, 'dialogue', 'e', '1', 1, {priority}, statement_timestamp() from copies)
         insert into eventlease.event_queue (event_id, engine_type, event_type, priority, available_at, payload_bytes)
         select id, 'dialogue', 'e', {priority}, statement_timestamp(), 1 from copies"
    ))
    .await;
}

async fn listed(lab: &Lab) -> Value {
    lab.get("/api/v1/queues").await.expect(200).body["items"][0].clone()
}

#[tokio::test]
async fn counts_beyond_ten_thousand_are_estimates_and_say_so() {
    let lab = Lab::start().await;
    lab.enqueue("dialogue", json!({})).await;
    lab.sql("alter table eventlease.event_queue set (autovacuum_enabled = false)").await;
    fill(&lab, 14_000, 5).await;
    let counted = queue(&lab).await;
    assert_eq!((&counted["due"], &counted["is_approximate"]), (&json!(10_001), &json!(true)), "no statistics yet");
    assert_eq!(counted["due_by_priority"][5], 10_000);
    lab.sql("analyze eventlease.event_queue").await;
    for estimated in [queue(&lab).await, listed(&lab).await] {
        assert_eq!((&estimated["due"], &estimated["is_approximate"]), (&json!(14_001), &json!(true)), "{estimated}");
    }
}

#[tokio::test]
async fn a_list_shows_deep_queues_as_they_were_last_measured() {
    let lab = Lab::start().await;
    lab.enqueue("dialogue", json!({})).await;
    fill(&lab, 1500, 5).await;
    lab.broker().measure().await.expect("a round");
    assert_eq!(listed(&lab).await["due"], 1501);
    let engine = lab.register("dialogue", json!({})).await;
    lab.lease_one("dialogue", &engine).await;
    assert_eq!(listed(&lab).await["processing"], 1, "what engines hold is counted each time");
    lab.sql("delete from eventlease.event_queue where payload_bytes = 1 and event_id in (select event_id from eventlease.event_queue where event_type = 'e' limit 1498)").await;
    lab.sql("delete from eventlease.events e where e.event_type = 'e' and not exists (select from eventlease.event_queue q where q.event_id = e.event_id)").await;
    assert_eq!(listed(&lab).await["due"], 1501, "it is not measured again yet");
    lab.broker().measure().await.expect("a round");
    assert_eq!(listed(&lab).await["due"], 2);
    // Short ones are counted each time.
    lab.enqueue("dialogue", json!({})).await;
    assert_eq!(listed(&lab).await["due"], 3);
}

#[tokio::test]
async fn a_report_tells_suspects_priorities_and_when_the_next_event_is_due() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let lost = lab.enqueue("dialogue", json!({"priority": 9})).await;
    lab.lease_one("dialogue", &engine).await;
    lab.lose(&lost).await;
    for priority in [0, 4, 4] {
        lab.enqueue("dialogue", json!({"priority": priority})).await;
    }
    lab.enqueue("dialogue", json!({"delay_seconds": 86_400})).await;
    let next = lab.enqueue("dialogue", json!({"delay_seconds": 600, "priority": 2})).await;
    for report in [queue(&lab).await, listed(&lab).await] {
        assert_eq!(report["suspects"], 1, "{report}");
        assert_eq!(report["due_by_priority"], json!([1, 0, 0, 0, 2, 0, 0, 0, 0, 1]));
        assert_eq!((&report["due"], &report["delayed"]), (&json!(4), &json!(2)));
        let time = |value: &Value| value.as_str().and_then(|at| at.parse::<chrono::DateTime<chrono::Utc>>().ok());
        let (due_at, of_event) = (time(&report["next_due_at"]), time(&lab.event(&next).await["available_at"]));
        assert!(due_at.is_some());
        assert_eq!(due_at, of_event);
    }
    // A suspect that an engine holds is still one.
    lab.lease_one("dialogue", &engine).await;
    assert_eq!(queue(&lab).await["suspects"], 1);
    lab.enqueue("empty", json!({"delay_seconds": 600})).await;
    let empty = lab.get("/api/v1/queues/empty").await.expect(200).body;
    assert_eq!(empty["due_by_priority"], json!([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
}

#[tokio::test]
async fn a_report_tells_how_long_events_waited_and_how_attempts_ended() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for _ in 0..3 {
        lab.enqueue("dialogue", json!({})).await;
    }
    lab.sql("update eventlease.event_queue set available_at = available_at - interval '20 s'").await;
    let released = lab.lease_one("dialogue", &engine).await;
    lab.settle(&released, "queued", json!({"delay_seconds": 600})).await.expect(200);
    let dead = lab.lease_one("dialogue", &engine).await;
    lab.settle(&dead, "failed", json!({"retryable": false})).await.expect(200);
    let late = lab.lease_one("dialogue", &engine).await;
    lab.lose(late["event_id"].as_str().expect("an id")).await;
    lab.settle(&late, "completed", json!({})).await.expect(200);
    lab.broker().write_activity().await.expect("written");
    lab.broker().measure().await.expect("a round");
    for report in [queue(&lab).await, listed(&lab).await] {
        let p50 = report["wait_seconds"]["p50"].as_f64().expect("a number");
        assert!((20.0 / 1.26..25.0 * 1.26).contains(&p50), "{report}");
        for rate in ["released", "late", "dead_lettered"] {
            let rate = format!("{rate}_per_second");
            assert!(report["rates"][&rate].as_f64().is_some_and(|rate| rate > 0.0), "{rate}: {report}");
        }
    }
}

#[tokio::test]
async fn cancelled_events_go_out_of_their_queue() {
    let lab = Lab::start().await;
    for _ in 0..40 {
        lab.enqueue("dialogue", json!({})).await;
    }
    let codes = async || {
        lab.broker().write_activity().await.expect("written");
        lab.broker().measure().await.expect("a round");
        let explanation = lab.get("/api/v1/queues/dialogue/explain").await.expect(200).body;
        let reasons = explanation["reasons"].as_array().expect("a list");
        reasons.iter().filter_map(|reason| reason["code"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert!(codes().await.contains(&"more_in_than_out".to_owned()));
    // One is cancelled while an engine holds it, the others while they wait.
    let engine = lab.register("dialogue", json!({})).await;
    let held = lab.lease_one("dialogue", &engine).await;
    let event_id = held["event_id"].as_str().expect("an id");
    lab.post(&format!("/api/v1/events/{event_id}/cancel"), &json!({})).await.expect(202);
    lab.settle(&held, "failed", json!({})).await.expect(200);
    lab.post("/api/v1/events/cancel", &json!({"filter": {"engine_type": "dialogue"}})).await.expect(200);
    // One is due.
    lab.enqueue("dialogue", json!({})).await;
    let found = codes().await;
    assert!(!found.contains(&"more_in_than_out".to_owned()), "{found:?}");
    for report in [queue(&lab).await, listed(&lab).await] {
        let rate = report["rates"]["cancelled_per_second"].as_f64().expect("a number");
        let enqueued = report["rates"]["enqueued_per_second"].as_f64().expect("a number");
        assert!((rate / enqueued - 40.0 / 41.0).abs() < 0.01, "{report}");
    }
}

#[tokio::test]
async fn wanted_slots_follow_the_depth_the_length_of_attempts_and_the_target_of_the_queue() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for _ in 0..41 {
        lab.enqueue("dialogue", json!({})).await;
    }
    let slots = async || queue(&lab).await["wanted_slots"].as_i64().expect("a number");
    assert_eq!(slots().await, 41, "how long they take is not known");
    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!(slots().await, 41, "one is being processed");
    lab.sql("update eventlease.event_leases set leased_at = leased_at - interval '30 s'").await;
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    lab.broker().write_activity().await.expect("written");
    // 40 of about 30 seconds in 60 seconds.
    let usual = slots().await;
    assert!((17..=23).contains(&usual), "{usual}");
    let settings =
        patch(&lab, "dialogue", &json!({"target_clear_seconds": 600})).await.expect(200).body["settings"].clone();
    assert_eq!(settings["target_clear_seconds"], json!({"value": 600, "source": "queue"}));
    let slow = slots().await;
    assert!((2..=3).contains(&slow), "{slow}");
    patch(&lab, "dialogue", &json!({"target_clear_seconds": 0})).await.problem(422, "invalid_input");
    let inherited =
        patch(&lab, "dialogue", &json!({"target_clear_seconds": null})).await.expect(200).body["settings"].clone();
    assert_eq!(inherited["target_clear_seconds"], json!({"value": 60, "source": "server"}));
}
