//! `GET /events`: filters, pages, and what is refused.

use serde_json::{Value, json};

use crate::bad_input::Untouched;
use crate::support::Lab;

async fn found(lab: &Lab, query: &str) -> Vec<String> {
    lab.get(&format!("/api/v1/events?{query}")).await.expect(200).event_ids()
}

/// Waits for nothing and ends one event so.
async fn end(lab: &Lab, engine: &str, status: &str, more: Value) -> String {
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", engine).await;
    assert_eq!(leased["event_id"], event_id);
    lab.settle(&leased, status, more).await.expect(200);
    event_id
}

#[tokio::test]
async fn events_come_newest_first_page_by_page_while_others_come_and_end() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let mut sent = Vec::new();
    for _ in 0..5 {
        sent.push(lab.enqueue("dialogue", json!({})).await);
    }
    sent.reverse();
    assert_eq!(found(&lab, "").await, sent);

    let first = lab.get("/api/v1/events?limit=2").await.expect(200);
    assert_eq!(first.event_ids(), sent[..2]);
    lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    let second = lab.get(&format!("/api/v1/events?limit=2&cursor={}", first.text("next_cursor"))).await.expect(200);
    assert_eq!(second.event_ids(), sent[2..4]);
    let third = lab.get(&format!("/api/v1/events?limit=2&cursor={}", second.text("next_cursor"))).await.expect(200);
    assert_eq!((third.event_ids(), &third.body["next_cursor"]), (sent[4..].to_vec(), &Value::Null));
}

#[tokio::test]
async fn an_item_is_what_reading_the_event_answers() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let queued = lab.enqueue("dialogue", json!({"delay_seconds": 60, "scenario_run_id": 7})).await;
    let completed = end(&lab, &engine, "completed", json!({"result": {"n": 2}})).await;
    let failed = end(&lab, &engine, "failed", json!({"retryable": false})).await;
    lab.enqueue("dialogue", json!({})).await;
    let processing = lab.lease_one("dialogue", &engine).await;
    let page = lab.get("/api/v1/events").await.expect(200);
    let expected = [processing["event_id"].as_str().expect("an id"), &failed, &completed, &queued];
    assert_eq!(page.event_ids(), expected);
    for (item, event_id) in page.body["items"].as_array().expect("items").iter().zip(expected) {
        assert_eq!(item, &lab.event(event_id).await);
        assert!(item.get("payload").is_none() && item["payload_bytes"].is_u64(), "{item}");
    }
    let with_payload = lab.get("/api/v1/events?include=payload&limit=1").await.expect(200);
    assert_eq!(with_payload.body["items"][0]["payload"], json!({"n": 1}));
}

#[tokio::test]
async fn each_status_finds_its_events_and_no_others() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let completed = end(&lab, &engine, "completed", json!({})).await;
    let failed = end(&lab, &engine, "failed", json!({"retryable": false})).await;
    let discarded = end(&lab, &engine, "failed", json!({"retryable": false})).await;
    lab.delete(&format!("/api/v1/dead-letters/{discarded}")).await.expect(204);
    let redriven = end(&lab, &engine, "failed", json!({"retryable": false})).await;
    lab.post(&format!("/api/v1/dead-letters/{redriven}/redrive"), &json!({"delay_seconds": 60})).await.expect(200);
    let cancelled = lab.enqueue("dialogue", json!({"scenario_run_id": "run-1"})).await;
    lab.post(&format!("/api/v1/events/{cancelled}/cancel"), &json!({})).await.expect(200);
    let retrying = end(&lab, &engine, "failed", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    let processing = lab.lease_one("dialogue", &engine).await["event_id"].as_str().expect("an id").to_owned();
    let elsewhere = lab.enqueue("narration", json!({"event_type": "other.happened", "scenario_run_id": "run-1"})).await;

    let past = "created_after=2020-01-01T00:00:00Z";
    for beside in [past, "engine_type=dialogue", "event_type=test.happened", "created_before=2100-01-01T00:00:00Z"] {
        let of = async |status: &str| found(&lab, &format!("status={status}&{beside}")).await;
        let mut queued = vec![retrying.clone(), redriven.clone()];
        if beside.starts_with("created") {
            queued.insert(0, elsewhere.clone());
        }
        assert_eq!(of("queued").await, queued, "{beside}");
        assert_eq!(of("processing").await, [processing.as_str()], "{beside}");
        assert_eq!(of("completed").await, [completed.as_str()], "{beside}");
        assert_eq!(of("failed").await, [discarded.clone(), failed.clone()], "{beside}");
        assert_eq!(of("cancelled").await, [cancelled.as_str()], "{beside}");
    }
    assert_eq!(found(&lab, "scenario_run_id=run-1").await, [elsewhere.clone(), cancelled.clone()]);
    assert_eq!(found(&lab, "scenario_run_id=run-1&status=cancelled").await, [cancelled.as_str()]);
    assert_eq!(found(&lab, "scenario_run_id=run-1&engine_type=narration").await, [elsewhere.as_str()]);
    assert_eq!(found(&lab, "event_type=other.happened").await, [elsewhere.as_str()]);
    assert!(found(&lab, "status=queued&engine_type=nobody").await.is_empty());
}

#[tokio::test]
async fn times_bound_the_list_to_the_microsecond() {
    let lab = Lab::start().await;
    let old = lab.enqueue("dialogue", json!({})).await;
    let new = lab.enqueue("dialogue", json!({})).await;
    let at = |event: &Value| event["created_at"].as_str().expect("a time").to_owned();
    let (old_at, new_at) = (at(&lab.event(&old).await), at(&lab.event(&new).await));
    for status in ["", "&status=queued"] {
        assert_eq!(found(&lab, &format!("created_after={new_at}{status}")).await, [new.as_str()]);
        assert_eq!(found(&lab, &format!("created_before={new_at}{status}")).await, [old.as_str()]);
        assert_eq!(
            found(&lab, &format!("created_after={old_at}&created_before={new_at}{status}")).await,
            [old.as_str()]
        );
        assert_eq!(found(&lab, &format!("created_after={old_at}{status}")).await, [new.clone(), old.clone()]);
        assert!(found(&lab, &format!("created_before={old_at}{status}")).await.is_empty());
        assert!(found(&lab, &format!("created_before=1960-01-01T00:00:00Z{status}")).await.is_empty());
        assert_eq!(found(&lab, &format!("created_after=1960-01-01T00:00:00%2B01:00{status}")).await.len(), 2);
        assert!(found(&lab, &format!("created_after=9999-12-31T23:59:59Z{status}")).await.is_empty());
    }
}

#[tokio::test]
async fn dead_letters_that_outlived_their_history_are_listed_in_their_place() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let outlived = end(&lab, &engine, "failed", json!({"retryable": false})).await;
    let kept = end(&lab, &engine, "failed", json!({"retryable": false})).await;
    let open = lab.enqueue("dialogue", json!({"scenario_run_id": "run-1"})).await;
    for table in ["events", "event_attempts"] {
        lab.sql(&format!("delete from eventlease.{table} where event_id = '{outlived}'")).await;
    }
    assert_eq!(found(&lab, "").await, [open.clone(), kept.clone(), outlived.clone()]);
    assert_eq!(found(&lab, "status=failed&engine_type=dialogue").await, [kept.clone(), outlived.clone()]);
    assert_eq!(found(&lab, "scenario_run_id=run-1").await, [open.as_str()]);
    let mut cursor = String::new();
    for expected in [&open, &kept, &outlived] {
        let page = lab.get(&format!("/api/v1/events?limit=1{cursor}")).await.expect(200);
        assert_eq!(page.event_ids(), [expected.as_str()]);
        cursor = format!("&cursor={expected}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let lab = Lab::start().await;
    lab.enqueue("dialogue", json!({})).await;
    let untouched = Untouched::from_now_on(&lab).await;
    for (query, places) in [
        ("status=queued", &["status"][..]),
        ("status=completed&limit=5&include=payload", &["status"]),
        ("status=done&engine_type=dialogue", &["status"]),
        ("engine_type=a%20b&event_type=", &["engine_type", "event_type"]),
        ("created_after=yesterday&created_before=1", &["created_after", "created_before"]),
        ("scenario_run_id=", &["scenario_run_id"]),
        ("cursor=x&limit=0&include=all&offset=1", &["cursor", "include", "limit", "offset"]),
        ("status=failed&engine_type=%20", &["engine_type"]),
    ] {
        untouched.names_in("GET", &format!("/api/v1/events?{query}"), places).await;
    }
    untouched.and_the_server_serves().await;
}
