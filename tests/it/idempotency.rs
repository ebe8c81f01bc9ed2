//! Idempotency keys: the same again is the same event.

mod by_value;

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::support::{Lab, Reply};

fn body(key: &str, payload: i32) -> Value {
    json!({"engine_type": "dialogue", "event_type": "e", "payload": payload, "idempotency_key": key})
}

async fn count_events(lab: &Lab) -> i64 {
    sqlx::query_scalar("select count(*) from eventlease.events").fetch_one(&lab.db).await.expect("a count")
}

#[tokio::test]
async fn the_same_key_and_body_again_answers_the_same_event() {
    let lab = Lab::start().await;
    let first = lab.post("/api/v1/events", &body("k1", 1)).await.expect(201);
    let again = lab.post("/api/v1/events", &body("k1", 1)).await.expect(200);
    assert_eq!(again.body["event_id"], first.body["event_id"]);
    assert_eq!(again.body["duplicate"], true);
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(count_events(&lab).await, 1);
}

#[tokio::test]
async fn the_header_is_as_good_as_the_field_but_must_not_contradict_it() {
    let lab = Lab::start().await;
    let plain = json!({"engine_type": "dialogue", "event_type": "e", "payload": 1});
    let with_header = |body: &Value| lab.request("POST", "/api/v1/events").header("idempotency-key", "k1").json(body);
    let first = Reply::of(with_header(&plain)).await.expect(201);
    let again = Reply::of(with_header(&plain)).await.expect(200);
    assert_eq!(again.body["event_id"], first.body["event_id"]);
    let refused = Reply::of(with_header(&body("k2", 1))).await.problem(422, "invalid_input");
    assert_eq!(refused.places(), ["/idempotency_key"]);
}

#[tokio::test]
async fn another_body_under_the_same_key_is_refused_but_another_queue_is_another_key() {
    let lab = Lab::start().await;
    let first = lab.post("/api/v1/events", &body("k1", 1)).await.expect(201);
    let refused = lab.post("/api/v1/events", &body("k1", 2)).await.problem(422, "idempotency_key_reused");
    assert_eq!(refused.body["event_id"], first.body["event_id"]);
    let mut other = body("k1", 2);
    other["engine_type"] = json!("trend");
    lab.post("/api/v1/events", &other).await.expect(201);
}

#[tokio::test]
async fn a_key_is_forgotten_after_its_time() {
    let lab = Lab::start().await;
    let first = lab.post("/api/v1/events", &body("k1", 1)).await.expect(201);
    lab.sql("update eventlease.idempotency_keys set expires_at = statement_timestamp() - interval '1 second'").await;
    let second = lab.post("/api/v1/events", &body("k1", 2)).await.expect(201);
    assert_ne!(second.body["event_id"], first.body["event_id"]);
    lab.sql("update eventlease.idempotency_keys set expires_at = statement_timestamp() - interval '1 second'").await;
    assert_eq!(lab.broker().forget_idempotency_keys().await.expect("a database"), 1);
}

#[tokio::test]
async fn concurrent_duplicates_on_two_replicas_make_one_event() {
    let mut lab = Lab::start().await;
    let replica = lab.start_replica(&[]).await;
    let sent = body("k1", 1);
    let calls = (0..20).map(|n| {
        let base = if n % 2 == 0 { lab.url.clone() } else { replica.clone() };
        let request = lab.request("POST", &format!("{base}/api/v1/events")).json(&sent);
        tokio::spawn(Reply::of(request))
    });
    let mut created = 0;
    let mut ids = HashSet::new();
    for call in calls.collect::<Vec<_>>() {
        let reply = call.await.expect("a reply");
        assert!(matches!(reply.status, 200 | 201), "{reply:?}");
        created += usize::from(reply.status == 201);
        ids.insert(reply.text("event_id"));
    }
    assert_eq!((created, ids.len(), count_events(&lab).await), (1, 1, 1));
}

#[tokio::test]
async fn a_batch_knows_its_own_duplicates() {
    let lab = Lab::start().await;
    let events = [body("a", 1), body("a", 1), body("a", 2), body("b", 1)];
    let reply = lab.post("/api/v1/events/batch", &json!({"events": events})).await.expect(207);
    let results = reply.body["results"].as_array().expect("results");
    assert_eq!(results[1]["event_id"], results[0]["event_id"]);
    assert_eq!(results[1]["duplicate"], true);
    assert_eq!(results[2]["error"]["code"], "idempotency_key_reused");
    assert_ne!(results[3]["event_id"], results[0]["event_id"]);
    assert_eq!(count_events(&lab).await, 2);
}

#[tokio::test]
async fn an_event_that_was_refused_leaves_its_key_free() {
    let lab = Lab::start().await;
    let mut far = body("k1", 1);
    far["available_at"] = json!("2999-01-01T00:00:00Z");
    lab.post("/api/v1/events", &far).await.problem(422, "invalid_input");
    lab.post("/api/v1/events", &body("k1", 1)).await.expect(201);
}

#[tokio::test]
async fn an_atomic_batch_is_taken_whole_or_not_at_all() {
    let lab = Lab::start().await;
    let good = json!({"engine_type": "dialogue", "event_type": "e", "payload": 1});
    let mut bad = good.clone();
    bad["priority"] = json!(10);
    let refused = lab.post("/api/v1/events/batch", &json!({"events": [good, bad], "atomic": true})).await.expect(422);
    assert_eq!((&refused.body["accepted"], &refused.body["rejected"]), (&json!(0), &json!(2)));
    let mut far = good.clone();
    far["available_at"] = json!("2999-01-01T00:00:00Z");
    lab.post("/api/v1/events/batch", &json!({"events": [good, far], "atomic": true})).await.expect(422);
    assert_eq!(count_events(&lab).await, 0);
    // None names an event that was not made.
    let twice = json!([body("twice", 1), body("twice", 2)]);
    let refused = lab.post("/api/v1/events/batch", &json!({"events": twice, "atomic": true})).await.expect(422);
    let error = &refused.body["results"][1]["error"];
    assert_eq!((&error["code"], &error["event_id"]), (&json!("idempotency_key_reused"), &Value::Null), "{error}");
    assert_eq!(count_events(&lab).await, 0);
    lab.post("/api/v1/events/batch", &json!({"events": [good, good], "atomic": true})).await.expect(201);
    assert_eq!(count_events(&lab).await, 2);
}
