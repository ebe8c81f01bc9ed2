//! Every list ends a page at 4 MiB, with one item at least, and goes on behind its cursor.

use serde_json::{Value, json};

use crate::support::{Lab, Reply};

/// What the payloads, results, errors and so on of one page may have together.
const PAGE_BYTES: usize = 4 << 20;
/// For what else stands in a page.
const MARGIN_BYTES: usize = 128 << 10;
/// As large as a payload may be, with its quotes.
const MEBIBYTE: usize = 1 << 20;
/// A little less than results and the like may have.
const DETAIL_BYTES: usize = 250_000;

fn text(bytes: usize) -> Value {
    json!("x".repeat(bytes - 2))
}

/// A list with a query; the next page of it.
async fn page(lab: &Lab, list: &str, cursor: Option<&str>) -> Reply {
    let cursor = cursor.map(|cursor| url::form_urlencoded::byte_serialize(cursor.as_bytes()).collect::<String>());
    let path = cursor.map_or_else(|| list.to_owned(), |cursor| format!("{list}&cursor={cursor}"));
    let page = lab.get(&path).await.expect(200);
    assert!(page.raw.len() <= PAGE_BYTES + MARGIN_BYTES, "{list}: a page of {} bytes", page.raw.len());
    page
}

fn items(page: &Reply) -> Vec<Value> {
    page.body["items"].as_array().expect("items").clone()
}

/// Reads a list to its end, and answers its items and how many pages they came in.
async fn walk(lab: &Lab, list: &str) -> (Vec<Value>, usize) {
    walk_from(lab, list, None).await
}

/// Reads a list from behind a cursor.
async fn walk_from(lab: &Lab, list: &str, mut cursor: Option<String>) -> (Vec<Value>, usize) {
    let (mut found, mut pages) = (Vec::new(), 0);
    loop {
        let page = page(lab, list, cursor.as_deref()).await;
        let of_page = items(&page);
        pages += 1;
        assert!(!of_page.is_empty() || pages == 1, "{list}: an empty page");
        found.extend(of_page);
        cursor = page.body["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return (found, pages);
        }
        assert!(pages < 100, "{list} does not end");
    }
}

fn ids(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| item["event_id"].as_str().expect("an id").to_owned()).collect()
}

async fn enqueue_large(lab: &Lab, count: usize) -> Vec<String> {
    let mut event_ids = Vec::new();
    for _ in 0..count {
        event_ids.push(lab.enqueue("dialogue", json!({"payload": text(MEBIBYTE)})).await);
    }
    event_ids
}

/// Leases an event and reports a failure with large details; answers the event.
async fn fail(lab: &Lab, engine: &str, more: Value) -> Value {
    let leased = lab.lease_one("dialogue", engine).await;
    let error = json!({"message": "it broke", "details": text(DETAIL_BYTES)});
    let mut body = json!({"error": error});
    crate::support::merge(&mut body, more);
    lab.settle(&leased, "failed", body).await.expect(200);
    leased
}

#[tokio::test]
async fn events_with_payloads() {
    let lab = Lab::start().await;
    let mut sent = enqueue_large(&lab, 9).await;
    sent.reverse();
    for status in ["", "&status=queued&engine_type=dialogue"] {
        let list = format!("/api/v1/events?include=payload&limit=200{status}");
        let (found, pages) = walk(&lab, &list).await;
        assert_eq!((ids(&found), pages), (sent.clone(), 3), "{list}");
        assert!(found.iter().all(|event| event["payload"] == text(MEBIBYTE)));
    }
    // Without payloads they are one page, and a smaller limit holds as well.
    assert_eq!(walk(&lab, "/api/v1/events?limit=200").await.1, 1);
    assert_eq!(walk(&lab, "/api/v1/events?include=payload&limit=2").await.1, 5);
}

#[tokio::test]
async fn an_item_larger_than_a_page_is_a_page() {
    let lab = Lab::start_with(&["--max-payload-bytes", "6000000"]).await;
    let large = lab.enqueue("dialogue", json!({"payload": "x".repeat(5_000_000)})).await;
    let small = lab.enqueue("dialogue", json!({})).await;
    let first = lab.get("/api/v1/events?include=payload&limit=200").await.expect(200);
    assert_eq!(ids(&items(&first)), [small]);
    let cursor = first.text("next_cursor");
    let second = lab.get(&format!("/api/v1/events?include=payload&limit=200&cursor={cursor}")).await.expect(200);
    assert_eq!((ids(&items(&second)), &second.body["next_cursor"]), (vec![large], &Value::Null));
}

#[tokio::test]
async fn events_with_large_results() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let mut done = Vec::new();
    for _ in 0..20 {
        done.push(lab.enqueue("dialogue", json!({"scenario_run_id": "run-1"})).await);
        let leased = lab.lease_one("dialogue", &engine).await;
        lab.settle(&leased, "completed", json!({"result": text(DETAIL_BYTES)})).await.expect(200);
    }
    done.reverse();
    for list in ["/api/v1/events?limit=200", "/api/v1/events?limit=200&scenario_run_id=run-1"] {
        let (found, pages) = walk(&lab, list).await;
        assert_eq!((ids(&found), pages), (done.clone(), 2), "{list}");
    }
}

#[tokio::test]
async fn dead_letters_with_large_errors_and_with_payloads() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let mut dead = Vec::new();
    for _ in 0..18 {
        dead.push(lab.enqueue("dialogue", json!({"payload": text(MEBIBYTE / 4)})).await);
        fail(&lab, &engine, json!({"retryable": false})).await;
    }
    dead.reverse();
    let (found, pages) = walk(&lab, "/api/v1/dead-letters?limit=200").await;
    assert_eq!((ids(&found), pages), (dead.clone(), 2));
    let (found, pages) = walk(&lab, "/api/v1/dead-letters?limit=200&include=payload").await;
    assert_eq!((ids(&found), pages), (dead, 3));
}

#[tokio::test]
async fn the_attempts_of_an_event_and_of_its_dead_letter() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let policy = json!({"max_retries": 39, "retry_delay": {"initial": 0, "max": 0}});
    let event_id = lab.enqueue("dialogue", json!({"payload": text(MEBIBYTE), "retry_policy": policy})).await;
    for _ in 0..40 {
        fail(&lab, &engine, json!({})).await;
    }
    let numbers = |attempts: &[Value]| attempts.iter().map(|one| one["attempt"].as_i64().expect("a number")).collect();
    let all: Vec<i64> = (1..=40).rev().collect();

    let list = format!("/api/v1/events/{event_id}/attempts?limit=200");
    let of_event = walk(&lab, &list).await;
    assert_eq!((numbers(&of_event.0), of_event.1), (all.clone(), 3));

    // The letter comes with the newest ones beside its payload; the list of the event has the others.
    let read = async || {
        let letter = lab.get(&format!("/api/v1/dead-letters/{event_id}")).await.expect(200);
        assert!(letter.raw.len() <= PAGE_BYTES + MARGIN_BYTES, "{} bytes", letter.raw.len());
        let mut attempts = letter.body["attempts"].as_array().expect("attempts").clone();
        assert!((8..20).contains(&attempts.len()), "{}", attempts.len());
        let (others, _) = walk_from(&lab, &list, Some(letter.text("attempts_next_cursor"))).await;
        attempts.extend(others);
        attempts
    };
    assert_eq!(read().await, of_event.0);
    // As after the retention time: the dead letter's own copy is all there is.
    lab.sql(&format!("delete from eventlease.events where event_id = '{event_id}'")).await;
    lab.sql(&format!("delete from eventlease.event_attempts where event_id = '{event_id}'")).await;
    assert_eq!(read().await, of_event.0);
    assert_eq!(walk(&lab, &list).await, of_event);
}

#[tokio::test]
async fn a_dead_letter_whose_attempts_fit_has_no_cursor_for_them() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    fail(&lab, &engine, json!({"delay_seconds": 0})).await;
    fail(&lab, &engine, json!({"retryable": false})).await;
    let letter = lab.get(&format!("/api/v1/dead-letters/{event_id}")).await.expect(200);
    assert_eq!(letter.body["attempts"].as_array().map(Vec::len), Some(2));
    assert_eq!(letter.body["attempts_next_cursor"], Value::Null);
    let listed = lab.get("/api/v1/dead-letters").await.expect(200);
    assert!(listed.body["items"][0].get("attempts_next_cursor").is_none(), "{listed:?}");
}

#[tokio::test]
async fn a_peek_in_the_order_of_leasing_while_events_come_and_go() {
    let lab = Lab::start().await;
    let mut order = Vec::new();
    for priority in [7, 7, 5, 5, 5, 0, 0] {
        order.push(lab.enqueue("dialogue", json!({"payload": text(MEBIBYTE), "priority": priority})).await);
    }
    // One that had a silent loss has its place among the others.
    let loser = lab.register("dialogue", json!({})).await;
    let suspect = lab.lease_one("dialogue", &loser).await["event_id"].as_str().expect("an id").to_owned();
    lab.lose(&suspect).await;
    order.retain(|event_id| *event_id != suspect);
    order.insert(1, suspect);

    let list = "/api/v1/queues/dialogue/peek?limit=200&include=payload";
    let (found, pages) = walk(&lab, list).await;
    assert_eq!((ids(&found), pages), (order.clone(), 2));
    assert_eq!(ids(&walk(&lab, "/api/v1/queues/dialogue/peek?limit=1").await.0), order);

    // Between two pages the first event goes, and one comes in before the cursor.
    let first = page(&lab, list, None).await;
    lab.sql(&format!(
        "update eventlease.event_queue set available_at = available_at + interval '1 hour' where event_id = '{}'",
        order[0]
    ))
    .await;
    lab.enqueue("dialogue", json!({"priority": 9})).await;
    let second = page(&lab, list, Some(&first.text("next_cursor"))).await;
    assert_eq!(ids(&items(&second)), order[4..]);

    for bad in ["", "x", "10_2030-01-01T00:00:00.000000Z_00000000-0000-0000-0000-000000000000", "5_5"] {
        let refused =
            lab.get(&format!("/api/v1/queues/dialogue/peek?cursor={bad}")).await.problem(422, "invalid_input");
        assert_eq!(refused.places(), ["cursor"], "{bad}");
    }
}

#[tokio::test]
async fn an_engines_leases_newest_first_while_it_settles() {
    let lab = Lab::start().await;
    let limits = json!({"static_config": {"resource_limits": {"max_concurrent_events": 100}}});
    let engine = lab.register("dialogue", json!({"metadata": limits})).await;
    enqueue_large(&lab, 9).await;
    let mut leased = Vec::new();
    for _ in 0..9 {
        leased.push(lab.lease_one("dialogue", &engine).await);
    }
    leased.reverse();
    let list = format!("/api/v1/engines/{engine}/leases?limit=200");
    let (found, pages) = walk(&lab, &list).await;
    assert_eq!((ids(&found), pages), (ids(&leased), 3));
    assert!(found.iter().all(|event| event["lease"].get("lease_token").is_none()));

    let as_itself = Reply::of(lab.request("GET", &format!("{list}&engine_id={engine}"))).await.expect(200);
    assert_eq!(items(&as_itself)[0]["lease"]["lease_token"], leased[0]["lease"]["lease_token"]);

    let first = page(&lab, &list, None).await;
    for settled in [3, 4] {
        lab.settle(&leased[settled], "completed", json!({})).await.expect(200);
    }
    let second = page(&lab, &list, Some(&first.text("next_cursor"))).await;
    assert_eq!(ids(&items(&second)), ids(&leased[5..]));
    assert_eq!(walk(&lab, &format!("/api/v1/engines/{engine}/leases?limit=3")).await.1, 3);
    for (query, place) in [("limit=0", "limit"), ("limit=201", "limit"), ("cursor=x", "cursor"), ("limits=1", "limits")]
    {
        let refused = lab.get(&format!("/api/v1/engines/{engine}/leases?{query}")).await.problem(422, "invalid_input");
        assert_eq!(refused.places(), [place]);
    }
}

#[tokio::test]
async fn leases_of_events_that_failed_with_large_errors() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for _ in 0..20 {
        lab.enqueue("dialogue", json!({})).await;
    }
    for _ in 0..20 {
        fail(&lab, &engine, json!({"delay_seconds": 0})).await;
    }
    for _ in 0..20 {
        lab.lease_one("dialogue", &engine).await;
    }
    let (found, pages) = walk(&lab, &format!("/api/v1/engines/{engine}/leases?limit=200")).await;
    assert_eq!((found.len(), pages), (20, 2));
}

#[tokio::test]
async fn engines_with_large_metadata() {
    let lab = Lab::start().await;
    let mut engines = Vec::new();
    for _ in 0..10 {
        let metadata = json!({"static_config": {"a": text(DETAIL_BYTES)}, "dynamic_state": {"b": text(DETAIL_BYTES)}});
        engines.push(lab.register("dialogue", json!({"metadata": metadata})).await);
    }
    engines.reverse();
    let (found, pages) = walk(&lab, "/api/v1/engines?limit=200").await;
    let found: Vec<_> = found.iter().map(|engine| engine["engine_id"].as_str().expect("an id").to_owned()).collect();
    assert_eq!((found, pages), (engines, 2));
}

#[tokio::test]
async fn the_audit_trail_with_large_details() {
    let lab = Lab::start().await;
    lab.sql(
        "insert into eventlease.audit (actor, action, subject, details)
         select 'somebody', 'pause_queue', n::text, json_build_object('a', repeat('x', 250000))
         from generate_series(1, 20) as n",
    )
    .await;
    let (found, pages) = walk(&lab, "/api/v1/audit?limit=200").await;
    let subjects: std::collections::BTreeSet<_> = found.iter().map(|entry| entry["subject"].to_string()).collect();
    assert_eq!((subjects.len(), found.len(), pages), (20, 20, 2));
}

#[tokio::test]
async fn a_batch_of_nothing_but_mistakes_is_answered_shortly() {
    let lab = Lab::start().await;
    let members: Vec<String> = (0..250).map(|n| format!("\"m{n}\":0")).collect();
    let entry = format!("{{{}}}", members.join(","));
    for (method, path, name) in
        [("POST", "/api/v1/events/batch", "events"), ("PUT", "/api/v1/events/status", "settlements")]
    {
        let body = format!("{{\"{name}\":[{}]}}", vec![entry.as_str(); 1000].join(","));
        let reply = lab.send_raw(method, path, body).await;
        let results = reply.body["results"].as_array().expect("results");
        assert!(results.iter().all(|result| !result["error"]["errors"].as_array().expect("errors").is_empty()));
        assert_eq!(results[0]["error"]["errors"].as_array().map(Vec::len), Some(200));
        assert!(reply.raw.len() < 1 << 20, "{path}: {} bytes", reply.raw.len());
    }
}
