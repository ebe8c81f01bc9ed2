//! Pages of lists.

use serde_json::{Value, json};

use crate::bad_input::Untouched;
use crate::support::{Lab, Reply};

const LISTS: [&str; 2] = ["/api/v1/engines", "/api/v1/dead-letters"];

fn next(page: &Reply) -> String {
    let cursor = page.text("next_cursor");
    url::form_urlencoded::byte_serialize(cursor.as_bytes()).collect()
}

/// Makes dead letters of that many events and answers their ids, the oldest first.
async fn make_dead_letters(lab: &Lab, count: usize) -> Vec<String> {
    let engine = lab.register("dialogue", json!({})).await;
    let mut dead_lettered = Vec::new();
    for n in 0..count {
        dead_lettered.push(lab.enqueue("dialogue", json!({"payload": {"n": n}})).await);
        let leased = lab.lease_one("dialogue", &engine).await;
        lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
    }
    dead_lettered
}

#[tokio::test]
async fn bad_limits_and_cursors_are_named() {
    let lab = Lab::start().await;
    make_dead_letters(&lab, 1).await;
    let untouched = Untouched::from_now_on(&lab).await;
    for list in LISTS {
        for limit in ["0", "201", "-1", "abc", "", "2.5", "%2B5"] {
            untouched.names_in("GET", &format!("{list}?limit={limit}"), &["limit"]).await;
        }
        let id = "00000000-0000-0000-0000-000000000000";
        let cursors = ["", "x", "_", "2030-01-01T00:00:00Z_", "2030-01-01T00:00:00Z_x", "%00", "';--"];
        for cursor in cursors.into_iter().map(str::to_owned).chain([format!("yesterday_{id}"), format!("_{id}")]) {
            untouched.names_in("GET", &format!("{list}?cursor={cursor}"), &["cursor"]).await;
        }
        untouched.names_in("GET", &format!("{list}?cursor=x&limit=0&offset=5"), &["cursor", "limit", "offset"]).await;
    }
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn pages_are_stable_while_engines_come_and_go() {
    let lab = Lab::start().await;
    let mut engines = Vec::new();
    for _ in 0..5 {
        engines.push(lab.register("dialogue", json!({})).await);
    }
    let page = async |query: &str| lab.get(&format!("/api/v1/engines?limit=2{query}")).await.expect(200);
    let first = page("").await;
    assert_eq!(first.texts("items", "engine_id"), [engines[4].clone(), engines[3].clone()]);

    // The last one seen goes, one not yet seen goes, and a new one comes: what is left is seen once.
    for gone in [3, 2] {
        lab.delete(&format!("/api/v1/engines/{}", engines[gone])).await.expect(204);
    }
    lab.register("dialogue", json!({})).await;
    let second = page(&format!("&cursor={}", next(&first))).await;
    assert_eq!(second.texts("items", "engine_id"), [engines[1].clone(), engines[0].clone()]);
    assert_eq!(second.body["next_cursor"], Value::Null);
}

#[tokio::test]
async fn dead_letters_come_newest_first_page_by_page() {
    let lab = Lab::start().await;
    let mut dead_lettered = make_dead_letters(&lab, 5).await;
    dead_lettered.reverse();
    let mut seen = Vec::new();
    let mut query = String::new();
    loop {
        let page = lab.get(&format!("/api/v1/dead-letters?limit=2&engine_type=dialogue{query}")).await.expect(200);
        seen.extend(page.event_ids());
        if page.body["next_cursor"].is_null() {
            break;
        }
        assert_eq!(page.body["items"].as_array().map(Vec::len), Some(2));
        query = format!("&cursor={}", next(&page));
    }
    assert_eq!(seen, dead_lettered);
    for limit in [5, 200] {
        let whole = lab.get(&format!("/api/v1/dead-letters?limit={limit}")).await.expect(200);
        assert_eq!(whole.event_ids(), dead_lettered);
        assert_eq!(whole.body["next_cursor"], Value::Null);
    }
}

#[tokio::test]
async fn payloads_come_only_when_asked_for_and_their_size_always() {
    let lab = Lab::start().await;
    let event_id = make_dead_letters(&lab, 1).await.remove(0);
    let payload = json!({"n": 0});
    let size = json!(payload.to_string().len());
    let list =
        async |query: &str| lab.get(&format!("/api/v1/dead-letters{query}")).await.expect(200).body["items"][0].clone();
    let event = async |query: &str| lab.get(&format!("/api/v1/events/{event_id}{query}")).await.expect(200).body;
    for without in [list("").await, event("").await] {
        assert_eq!((without.get("payload"), &without["payload_bytes"]), (None, &size));
    }
    for with in [list("?include=payload").await, event("?include=payload").await] {
        assert_eq!((&with["payload"], &with["payload_bytes"]), (&payload, &size));
    }
}

#[tokio::test]
async fn filters_find_what_they_name() {
    let lab = Lab::start().await;
    let speaker = lab
        .register(
            "dialogue",
            json!({"scenario_run_id": 7, "metadata": {"static_config":
        {"capabilities": ["speech"], "engine_software_version": "1.0.0"}}}),
        )
        .await;
    let narrator = lab.register("narration", json!({"scenario_run_id": "run 8"})).await;
    lab.post(&format!("/api/v1/engines/{narrator}/drain"), &json!({})).await.expect(200);
    let found =
        async |query: &str| lab.get(&format!("/api/v1/engines?{query}")).await.expect(200).texts("items", "engine_id");
    for query in [
        "engine_type=dialogue",
        "status=active",
        "capability=speech",
        "scenario_run_id=7",
        "engine_software_version=1.0.0",
    ] {
        assert_eq!(found(query).await, [speaker.as_str()], "{query}");
    }
    for query in ["engine_type=narration", "status=draining", "scenario_run_id=run+8"] {
        assert_eq!(found(query).await, [narrator.as_str()], "{query}");
    }
    assert!(found("status=unresponsive").await.is_empty());
    assert!(found("capability=spee").await.is_empty());
}
