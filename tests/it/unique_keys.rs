//! Unique keys: no two open events of a queue have the same one.

mod concurrent;
mod redrives;
mod sql;

use serde_json::{Value, json};

use crate::support::{Lab, Reply, merge};
use crate::trust::Guarded;

const EVENTS: &str = "/api/v1/events";

/// An event of the queue `dialogue` with this unique key.
fn body(key: &str, more: Value) -> Value {
    let mut body = json!({"engine_type": "dialogue", "event_type": "e", "payload": 1, "unique_key": key});
    merge(&mut body, more);
    body
}

async fn count(lab: &Lab, table: &str) -> i64 {
    let statement = format!("select count(*) from eventlease.{table}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).fetch_one(&lab.db).await.expect("a count")
}

/// The reply is the event `known`, for the sake of its unique key.
#[track_caller]
fn assert_held_by(reply: Reply, known: &str) {
    let reply = reply.expect(200);
    assert_eq!((reply.text("event_id").as_str(), &reply.body["duplicate"]), (known, &json!(true)));
    assert_eq!((&reply.body["duplicate_of"], &reply.body["outcome"]), (&json!("unique_key"), &json!("duplicate")));
}

#[tokio::test]
async fn while_an_event_is_open_another_with_its_key_is_answered_with_it() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let first = lab.post(EVENTS, &body("npc-7", json!({}))).await.expect(201);
    assert_eq!((&first.body["unique_key"], &first.body["duplicate"]), (&json!("npc-7"), &Value::Null));
    let event_id = first.text("event_id");
    let again = lab.post(EVENTS, &body("npc-7", json!({"payload": 2, "event_type": "other", "priority": 9}))).await;
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!((&again.body["event_type"], &again.body["priority"]), (&json!("e"), &json!(5)));
    assert_held_by(again, &event_id);
    assert_eq!(lab.event(&event_id).await["unique_key"], "npc-7");

    // Another queue has keys of its own, and other keys are no concern of this one.
    lab.post(EVENTS, &body("npc-7", json!({"engine_type": "narration"}))).await.expect(201);
    lab.post(EVENTS, &body("npc-8", json!({}))).await.expect(201);

    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!(leased["event_id"], event_id.as_str());
    assert_held_by(lab.post(EVENTS, &body("npc-7", json!({}))).await, &event_id);
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    assert_eq!(lab.event(&event_id).await["unique_key"], "npc-7");
    let next = lab.post(EVENTS, &body("npc-7", json!({}))).await.expect(201);
    assert_ne!(next.text("event_id"), event_id);
}

#[tokio::test]
async fn every_end_frees_the_key_and_no_retry_or_loss_does() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let held = async |event_id: &str| assert_held_by(lab.post(EVENTS, &body("k", json!({}))).await, event_id);

    let event_id = lab.enqueue("dialogue", json!({"unique_key": "k"})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "failed", json!({"delay_seconds": 0})).await.expect(200);
    held(&event_id).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "queued", json!({})).await.expect(200);
    held(&event_id).await;
    let lost = lab.lease_one("dialogue", &engine).await;
    lab.expire(&event_id).await;
    lab.wait_for_status(&event_id, "queued").await;
    held(&event_id).await;
    // The late report takes the loss back, and ends the event.
    lab.settle(&lost, "completed", json!({})).await.expect(200);

    let dead = lab.enqueue("dialogue", json!({"unique_key": "k"})).await;
    assert_ne!(dead, event_id);
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
    assert_eq!(lab.event(&dead).await["status"], "failed");

    let cancelled = lab.enqueue("dialogue", json!({"unique_key": "k"})).await;
    lab.post(&format!("{EVENTS}/{cancelled}/cancel"), &json!({})).await.expect(200);

    let in_hand = lab.enqueue("dialogue", json!({"unique_key": "k"})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.post(&format!("{EVENTS}/{in_hand}/cancel"), &json!({})).await.expect(202);
    held(&in_hand).await;
    lab.settle(&leased, "queued", json!({})).await.expect(200);
    assert_eq!(lab.event(&in_hand).await["status"], "cancelled");

    let old = lab.enqueue("dialogue", json!({"unique_key": "k", "discard_after_seconds": 3600})).await;
    lab.sql("update eventlease.event_queue set discard_at = statement_timestamp()").await;
    lab.wait_for_status(&old, "cancelled").await;

    let newest = lab.enqueue("dialogue", json!({"unique_key": "k"})).await;
    held(&newest).await;
}

#[tokio::test]
async fn a_batch_knows_its_own_keys_and_one_that_is_held_fails_no_other() {
    let lab = Lab::start().await;
    let known = lab.enqueue("dialogue", json!({"unique_key": "a"})).await;
    let events = [
        body("a", json!({})),
        body("b", json!({})),
        body("b", json!({"payload": 2})),
        body("c", json!({"available_at": "2999-01-01T00:00:00Z", "idempotency_key": "far"})),
        body("c", json!({})),
        json!({"engine_type": "dialogue", "event_type": "e", "payload": 1}),
    ];
    let reply = lab.post("/api/v1/events/batch", &json!({"events": events})).await.expect(207);
    assert_eq!((&reply.body["accepted"], &reply.body["rejected"]), (&json!(5), &json!(1)));
    let results = reply.body["results"].as_array().expect("results");
    assert_eq!((&results[0]["event_id"], &results[0]["duplicate_of"]), (&json!(known), &json!("unique_key")));
    assert_eq!((&results[1]["outcome"], &results[2]["outcome"]), (&json!("enqueued"), &json!("duplicate")));
    assert_eq!(results[2]["event_id"], results[1]["event_id"]);
    assert_eq!(results[3]["error"]["errors"][0]["pointer"], "/events/3/available_at");
    // What is refused holds neither of its keys.
    assert_eq!((&results[4]["outcome"], &results[5]["outcome"]), (&json!("enqueued"), &json!("enqueued")));
    assert_eq!(count(&lab, "idempotency_keys").await, 0);
    assert_eq!((count(&lab, "open_events").await, count(&lab, "open_keys").await), (4, 3));

    // All or none: what is a duplicate is as good as taken in, and what is refused takes the keys of all with it.
    let far = body("e", json!({"available_at": "2999-01-01T00:00:00Z"}));
    let batch = |last: Value| json!({"atomic": true, "events": [body("a", json!({})), body("d", json!({})), last]});
    lab.post("/api/v1/events/batch", &batch(far)).await.expect(422);
    assert_eq!(count(&lab, "open_keys").await, 3);
    lab.post("/api/v1/events/batch", &batch(body("e", json!({})))).await.expect(201);
    assert_eq!(count(&lab, "open_keys").await, 5);
}

#[tokio::test]
async fn an_idempotency_key_is_looked_up_first_and_stands_for_the_event_that_was_answered() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let of = |reply: &Reply| (reply.text("event_id"), reply.body["duplicate_of"].clone());
    let holder = lab.enqueue("dialogue", json!({"unique_key": "k"})).await;
    let beside = body("k", json!({"payload": 2, "idempotency_key": "i"}));
    assert_eq!(of(&lab.post(EVENTS, &beside).await.expect(200)), (holder.clone(), json!("unique_key")));
    assert_eq!(of(&lab.post(EVENTS, &beside).await.expect(200)), (holder.clone(), json!("idempotency_key")));

    // Also when the key is free again: the idempotency key has its answer for 24 hours.
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    assert_eq!(of(&lab.post(EVENTS, &beside).await.expect(200)), (holder.clone(), json!("idempotency_key")));

    // The unique key is part of what is compared, as is the payload of what came with the key first.
    let others = [
        json!({"unique_key": "other", "payload": 2}),
        json!({"unique_key": null, "payload": 2}),
        json!({"payload": {"n": 1}}),
    ];
    for other in others {
        let mut other_body = beside.clone();
        merge(&mut other_body, other);
        lab.post(EVENTS, &other_body).await.problem(422, "idempotency_key_reused");
    }

    // By value, where the event that was answered has the payload that was sent.
    let holder = lab.enqueue("dialogue", json!({"unique_key": "k2", "payload": {"a": 1, "b": 2}})).await;
    let sent = body("k2", json!({"payload": {"a": 1, "b": 2}, "idempotency_key": "j"}));
    assert_eq!(of(&lab.post(EVENTS, &sent).await.expect(200)), (holder.clone(), json!("unique_key")));
    let written_otherwise = r#"{"engine_type":"dialogue","event_type":"e","payload":{"b":2.0,"a":1},"unique_key":"k2","idempotency_key":"j"}"#;
    let reply = lab.send_raw("POST", EVENTS, written_otherwise).await.expect(200);
    assert_eq!(of(&reply), (holder, json!("idempotency_key")));
}

#[tokio::test]
async fn in_one_batch_an_idempotency_key_stands_for_the_holder_too() {
    let lab = Lab::start().await;
    let holder = lab.enqueue("dialogue", json!({"unique_key": "k"})).await;
    let events = [
        body("k", json!({"payload": 2, "idempotency_key": "i"})),
        body("k", json!({"payload": 2, "idempotency_key": "i"})),
        body("k", json!({"payload": 3, "idempotency_key": "i"})),
        body("free", json!({"idempotency_key": "j"})),
        body("free", json!({"idempotency_key": "l"})),
    ];
    let reply = lab.post("/api/v1/events/batch", &json!({"events": events})).await.expect(207);
    let results = reply.body["results"].as_array().expect("results");
    assert_eq!((&results[0]["event_id"], &results[1]["event_id"]), (&json!(holder), &json!(holder)));
    assert_eq!(
        (&results[0]["duplicate_of"], &results[1]["duplicate_of"]),
        (&json!("unique_key"), &json!("idempotency_key"))
    );
    assert_eq!(
        (&results[2]["error"]["code"], &results[2]["error"]["event_id"]),
        (&json!("idempotency_key_reused"), &json!(holder))
    );
    assert_eq!((&results[3]["outcome"], &results[4]["duplicate_of"]), (&json!("enqueued"), &json!("unique_key")));
    let again = lab.post(EVENTS, &body("free", json!({"idempotency_key": "l"}))).await.expect(200);
    assert_eq!(
        (&again.body["event_id"], &again.body["duplicate_of"]),
        (&results[3]["event_id"], &json!("idempotency_key"))
    );
}

#[tokio::test]
async fn whoever_did_not_bring_the_event_is_told_its_id_and_no_more() {
    let guarded = Guarded::start().await;
    let shop = guarded.token("producer", json!({"name": "shop"})).await;
    let mill = guarded.token("producer", json!({"name": "mill"})).await;
    let first = guarded.send(&shop, "POST", EVENTS, &body("k", json!({"payload": "secret"}))).await.expect(201);
    let event_id = first.text("event_id");
    let own = guarded.send(&shop, "POST", EVENTS, &body("k", json!({}))).await.expect(200);
    assert_eq!((&own.body["event_type"], &own.body["duplicate_of"]), (&json!("e"), &json!("unique_key")));

    let id_alone =
        |of: &str| json!({"event_id": event_id, "outcome": "duplicate", "duplicate": true, "duplicate_of": of});
    let theirs = body("k", json!({"idempotency_key": "i", "event_type": "other"}));
    let reply = guarded.send(&mill, "POST", EVENTS, &theirs).await.expect(200);
    assert_eq!(reply.body, id_alone("unique_key"));
    let reply = guarded.send(&mill, "POST", EVENTS, &theirs).await.expect(200);
    assert_eq!(reply.body, id_alone("idempotency_key"));
    let batch = json!({"events": [body("k", json!({}))]});
    let reply = guarded.send(&mill, "POST", "/api/v1/events/batch", &batch).await.expect(201);
    assert_eq!(reply.body["results"][0], id_alone("unique_key"));
    guarded.ask(&mill, "GET", &format!("{EVENTS}/{event_id}")).await.problem(404, "event_not_found");
}

#[tokio::test]
async fn a_key_has_1_to_256_characters_and_none_that_controls() {
    let lab = Lab::start().await;
    for good in ["x".to_owned(), "ü".repeat(256), "run 7 / npc é".to_owned()] {
        lab.post(EVENTS, &body(&good, json!({}))).await.expect(201);
    }
    for bad in [json!(""), json!("x".repeat(257)), json!("a\nb"), json!("a\u{0}b"), json!(7), json!({})] {
        let refused = lab.post(EVENTS, &body("", json!({"unique_key": bad}))).await.problem(422, "invalid_input");
        assert_eq!(refused.places(), ["/unique_key"], "{bad}");
    }
    lab.post(EVENTS, &body("", json!({"unique_key": null}))).await.expect(201);
}

#[tokio::test]
async fn an_event_of_a_cancelled_run_takes_no_key_from_its_batch() {
    let lab = Lab::start().await;
    lab.post("/api/v1/scenario-runs/run-1/cancel", &json!({})).await.expect(200);
    let of_run = body("k", json!({"scenario_run_id": "run-1", "idempotency_key": "i"}));
    let events = [of_run.clone(), body("k", json!({})), body("k", json!({"payload": 2}))];
    let reply = lab.post("/api/v1/events/batch", &json!({"events": events})).await.expect(207);
    let results = reply.body["results"].as_array().expect("results");
    assert_eq!(results[0]["error"]["code"], "run_cancelled");
    assert_eq!((&results[1]["outcome"], &results[2]["duplicate_of"]), (&json!("enqueued"), &json!("unique_key")));
    assert_eq!(count(&lab, "idempotency_keys").await, 0);
    // Also where the key is held, and by SQL.
    lab.post(EVENTS, &of_run).await.problem(409, "run_cancelled");
    let by_sql = "select eventlease.enqueue('dialogue', 'e', '1', scenario_run_id => 'run-1', unique_key => 'other')";
    let refused = sqlx::query(by_sql).execute(&lab.db).await.expect_err("the run is cancelled").to_string();
    assert!(refused.contains("the scenario run is cancelled"), "{refused}");
    assert_eq!(count(&lab, "open_keys").await, 1);
}
