//! Follow-up events: enqueued in the transaction of a completion.

mod cancelled_run;
mod concurrent;
mod freed_keys;
mod refused;

use serde_json::{Value, json};

use crate::support::{Lab, Reply};

/// A follow-up into the queue `speech`, with more members.
pub fn follow_up(more: Value) -> Value {
    let mut body = json!({"engine_type": "speech", "event_type": "speech.requested", "payload": {"text": "hello"}});
    crate::support::merge(&mut body, more);
    body
}

/// A body that completes the leased event, and enqueues.
pub fn completion(leased: &Value, enqueue: &Value) -> Value {
    json!({"event_id": leased["event_id"], "lease_token": leased["lease"]["lease_token"], "status": "completed",
        "enqueue": enqueue})
}

pub async fn count_events(lab: &Lab, engine_type: &str) -> i64 {
    sqlx::query_scalar("select count(*) from eventlease.events where engine_type = $1")
        .bind(engine_type)
        .fetch_one(&lab.db)
        .await
        .expect("a count")
}

/// The event that the reply to a settlement says was enqueued first.
#[track_caller]
pub fn first_enqueued(settled: &Value) -> String {
    settled["enqueued"][0]["event_id"].as_str().unwrap_or_else(|| panic!("nothing was enqueued: {settled}")).to_owned()
}

#[tokio::test]
async fn a_completion_enqueues_what_comes_next() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let speaker = lab.register("speech", json!({})).await;
    let cause = lab.enqueue("dialogue", json!({"scenario_run_id": "run-1"})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let enqueue = json!([follow_up(json!({"priority": 8})), follow_up(json!({"scenario_run_id": "run-2"}))]);
    let reply = lab.settle(&leased, "completed", json!({"result": 1, "enqueue": enqueue})).await.expect(200);
    assert_eq!((&reply.body["status"], &reply.body["outcome"]), (&json!("completed"), &json!("completed")));
    let enqueued = reply.texts("enqueued", "event_id");
    assert_eq!(enqueued.len(), 2);
    // They are kept with the attempt.
    assert_eq!(lab.attempts(&cause).await[0]["enqueued"], reply.body["enqueued"]);

    let first = lab.event(&enqueued[0]).await;
    assert_eq!(first["caused_by"], cause.as_str());
    assert_eq!((&first["priority"], &first["scenario_run_id"]), (&json!(8), &json!("run-1")));
    assert_eq!(lab.event(&enqueued[1]).await["scenario_run_id"], "run-2");
    assert_eq!(lab.event(&cause).await["caused_by"], Value::Null);
    let next = lab.lease_one("speech", &speaker).await;
    assert_eq!(next["event_id"], enqueued[0].as_str());
}

#[tokio::test]
async fn a_parked_poll_is_woken_and_the_new_events_are_counted() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let speaker = lab.register("speech", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let path = format!("{}/api/v1/events/queue/speech?wait_seconds=30", lab.url);
    let poll = tokio::spawn(Reply::of(lab.request("GET", &path).header("x-engine-id", &speaker)));
    lab.wait_for_parked_polls(1).await;
    let reply = lab.settle(&leased, "completed", json!({"enqueue": [follow_up(json!({}))]})).await.expect(200);
    let woken = poll.await.expect("a reply").expect(200);
    assert_eq!(woken.event_ids(), [first_enqueued(&reply.body)]);
    let counted = lab.metric("eventlease_events_enqueued_total{engine_type=\"speech\"}").await;
    assert!((counted - 1.0).abs() < f64::EPSILON, "{counted}");
}

#[tokio::test]
async fn trace_context_is_inherited_from_the_completed_event() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let body = json!({"engine_type": "dialogue", "event_type": "e", "payload": 1});
    let request = lab.request("POST", "/api/v1/events").header("traceparent", parent).header("tracestate", "a=1");
    Reply::of(request.json(&body)).await.expect(201);
    let leased = lab.lease_one("dialogue", &engine).await;
    let reply = lab.settle(&leased, "completed", json!({"enqueue": [follow_up(json!({}))]})).await.expect(200);
    let speaker = lab.register("speech", json!({})).await;
    let next = lab.lease_one("speech", &speaker).await;
    assert_eq!(next["event_id"], first_enqueued(&reply.body).as_str());
    assert_eq!((&next["traceparent"], &next["tracestate"]), (&json!(parent), &json!("a=1")));
}

/// Versions before took any text. What an engine copies from its lease is taken.
#[tokio::test]
async fn a_trace_context_from_before_there_were_rules_is_not_handed_out() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    lab.sql("update eventlease.events set traceparent = 'nonsense', tracestate = 'a=1'").await;
    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!((&leased["traceparent"], leased.get("tracestate")), (&Value::Null, None));
    let copied = follow_up(json!({"traceparent": leased["traceparent"], "tracestate": leased.get("tracestate")}));
    let reply = lab.settle(&leased, "completed", json!({"enqueue": [copied]})).await.expect(200);
    let speaker = lab.register("speech", json!({})).await;
    let next = lab.lease_one("speech", &speaker).await;
    assert_eq!(next["event_id"], first_enqueued(&reply.body).as_str());
    assert_eq!(next["traceparent"], Value::Null, "nor what was inherited");
}

#[tokio::test]
async fn every_way_of_settling_takes_follow_ups() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for _ in 0..4 {
        lab.enqueue("dialogue", json!({})).await;
    }
    let held = lab.poll("dialogue", &engine, "limit=4").await.expect(200).body["events"].clone();
    // Beside others without follow-ups, in the order sent.
    let plain =
        json!({"event_id": held[0]["event_id"], "lease_token": held[0]["lease"]["lease_token"], "status": "completed"});
    let entries = json!([
        completion(&held[1], &json!([follow_up(json!({}))])),
        plain,
        completion(&held[2], &json!([follow_up(json!({})), follow_up(json!({}))]))
    ]);
    let results =
        lab.put("/api/v1/events/status", &json!({"settlements": entries})).await.expect(200).body["results"].clone();
    let counts: Vec<_> = (0..3).map(|place| results[place]["enqueued"].as_array().map_or(0, Vec::len)).collect();
    assert_eq!(counts, [1, 0, 2], "{results}");
    for place in 0..3 {
        assert_eq!(results[place]["outcome"], "completed", "{results}");
        assert_eq!(results[place]["event_id"], entries[place]["event_id"]);
    }
    assert_eq!(results[1]["enqueued"], Value::Null, "left out where there were none");

    let exchange = json!({"settlements": [completion(&held[3], &json!([follow_up(json!({}))]))]});
    let request = lab.request("POST", "/api/v1/events/queue/dialogue/lease").header("x-engine-id", &engine);
    let exchanged = Reply::of(request.json(&exchange)).await.expect(200);
    first_enqueued(&exchanged.body["results"][0]);
    assert_eq!(count_events(&lab, "speech").await, 4);
}

#[tokio::test]
async fn a_repeated_settlement_answers_the_same_ids_and_enqueues_nothing() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let body = json!({"enqueue": [follow_up(json!({})), follow_up(json!({"idempotency_key": "k"}))]});
    let first = lab.settle(&leased, "completed", body.clone()).await.expect(200);
    let again = lab.settle(&leased, "completed", body).await.expect(200);
    assert_eq!(again.body, first.body);
    // The first body stands, whatever a later one says.
    let other =
        lab.settle(&leased, "completed", json!({"enqueue": [follow_up(json!({"payload": 2}))]})).await.expect(200);
    assert_eq!(other.body, first.body);
    let without = lab.settle(&leased, "completed", json!({})).await.expect(200);
    assert_eq!(without.body, first.body);
    lab.settle(&leased, "failed", json!({})).await.problem(409, "already_settled");
    assert_eq!(count_events(&lab, "speech").await, 2);
}

#[tokio::test]
async fn a_late_completion_that_is_taken_enqueues_and_one_that_is_not_does_not() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let lost = lab.lease_one("dialogue", &engine).await;
    lab.lose(&event_id).await;
    let current = lab.lease_one("dialogue", &engine).await;
    let body = json!({"enqueue": [follow_up(json!({"idempotency_key": "k"}))]});
    lab.settle(&lost, "completed", body.clone()).await.problem(409, "lease_lost");
    assert_eq!(count_events(&lab, "speech").await, 0);
    lab.lose(&event_id).await;
    let late = lab.settle(&current, "completed", body.clone()).await.expect(200);
    // The key was given back by the refusal.
    assert_eq!(late.body["enqueued"][0]["duplicate"], Value::Null, "{late:?}");
    assert_eq!(lab.settle(&current, "completed", body).await.expect(200).body, late.body);
    assert_eq!(count_events(&lab, "speech").await, 1);
    let attempts = lab.attempts(&event_id).await;
    assert!(attempts[1]["late_by_seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), "{attempts:?}");
}

#[tokio::test]
async fn a_duplicate_is_no_refusal_and_the_keys_belong_to_all_engines_of_the_type() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for _ in 0..3 {
        lab.enqueue("dialogue", json!({})).await;
    }
    // A producer's key is another caller's.
    let of_producer = lab.post("/api/v1/events", &follow_up(json!({"idempotency_key": "k"}))).await.expect(201);
    let keyed = || follow_up(json!({"idempotency_key": "k"}));
    let held = lab.poll("dialogue", &engine, "limit=3").await.expect(200).body["events"].clone();
    let first = lab.settle(&held[0], "completed", json!({"enqueue": [keyed(), keyed()]})).await.expect(200).body;
    assert_ne!(first["enqueued"][0]["event_id"], of_producer.body["event_id"]);
    assert_eq!(first["enqueued"][1]["event_id"], first["enqueued"][0]["event_id"], "within one list");
    let known =
        json!({"event_id": first["enqueued"][0]["event_id"], "duplicate": true, "duplicate_of": "idempotency_key"});
    let second = lab.settle(&held[1], "completed", json!({"enqueue": [keyed()]})).await.expect(200).body;
    assert_eq!(second["enqueued"], json!([known]));
    assert_eq!(lab.settle(&held[1], "completed", json!({})).await.expect(200).body, second, "also repeated");
    // Written otherwise, it is the same value.
    let path = format!("/api/v1/events/{}/status", held[2]["event_id"].as_str().expect("an id"));
    let body = format!(
        r#"{{"status": "completed", "lease_token": {}, "enqueue": [{{"engine_type": "speech", "idempotency_key": "k",
            "event_type": "speech.requested", "payload": {{  "text" : "hello"  }}}}]}}"#,
        held[2]["lease"]["lease_token"]
    );
    assert_eq!(lab.send_raw("PUT", &path, body).await.expect(200).body["enqueued"], json!([known]));
    assert_eq!(count_events(&lab, "speech").await, 2);
}

#[tokio::test]
async fn a_unique_key_is_free_for_the_successor() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let holder = lab.enqueue("dialogue", json!({"unique_key": "turn"})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let successor = json!({"engine_type": "dialogue", "event_type": "e", "payload": 1, "unique_key": "turn"});
    let settled = lab
        .settle(&leased, "completed", json!({"enqueue": [successor.clone(), successor.clone()]}))
        .await
        .expect(200)
        .body;
    let made = first_enqueued(&settled);
    assert_ne!(made, holder);
    let known = json!({"event_id": made, "duplicate": true, "duplicate_of": "unique_key"});
    assert_eq!(settled["enqueued"][1], known);
    let next = lab.post("/api/v1/events", &successor).await.expect(200);
    assert_eq!((&next.body["event_id"], &next.body["duplicate_of"]), (&json!(made), &json!("unique_key")));
}

#[tokio::test]
async fn the_follow_ups_of_an_event_are_listed() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let cause = lab.enqueue("dialogue", json!({"scenario_run_id": "run-1"})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.enqueue("speech", json!({"scenario_run_id": "run-1"})).await;
    let enqueue = json!([follow_up(json!({})), follow_up(json!({"scenario_run_id": "run-2"}))]);
    let mut enqueued =
        lab.settle(&leased, "completed", json!({"enqueue": enqueue})).await.expect(200).texts("enqueued", "event_id");
    enqueued.reverse();
    let path = format!("/api/v1/events?caused_by={cause}");
    assert_eq!(lab.get(&path).await.expect(200).event_ids(), enqueued);
    assert_eq!(lab.get(&format!("{path}&status=queued")).await.expect(200).event_ids(), enqueued);
    assert_eq!(lab.get(&format!("{path}&status=completed")).await.expect(200).event_ids(), [""; 0]);
    assert_eq!(lab.get(&format!("{path}&scenario_run_id=run-2")).await.expect(200).event_ids(), enqueued[..1]);
    let wrong = lab.get("/api/v1/events?caused_by=it").await.problem(422, "invalid_input");
    assert_eq!(wrong.places(), ["caused_by"]);
}

#[tokio::test]
async fn a_follow_up_still_names_its_cause_as_a_dead_letter_and_redriven() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let speaker = lab.register("speech", json!({})).await;
    let cause = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let made = lab.settle(&leased, "completed", json!({"enqueue": [follow_up(json!({}))]})).await.expect(200).body;
    let leased = lab.lease_one("speech", &speaker).await;
    lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
    let made = first_enqueued(&made);
    // History may be gone beneath a dead letter.
    lab.sql(&format!("delete from eventlease.events where event_id = '{made}'")).await;
    lab.sql(&format!("delete from eventlease.event_attempts where event_id = '{made}'")).await;
    assert_eq!(lab.event(&made).await["caused_by"], cause.as_str());
    assert_eq!(
        lab.get(&format!("/api/v1/events?caused_by={cause}")).await.expect(200).event_ids(),
        std::slice::from_ref(&made)
    );
    let path = format!("/api/v1/dead-letters/{made}/redrive");
    let other = lab.post(&path, &json!({"payload": 2})).await.expect(201).text("event_id");
    assert_eq!(lab.event(&other).await["caused_by"], cause.as_str());
    lab.delete(&format!("/api/v1/dead-letters/{made}")).await.expect(204);
}

#[tokio::test]
async fn a_completion_stands_where_the_run_of_its_follow_ups_is_cancelled() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.post("/api/v1/scenario-runs/over/cancel", &json!({})).await.expect(200);
    let keyed = json!({"scenario_run_id": "over", "idempotency_key": "k", "unique_key": "u"});
    let body = json!({"enqueue": [follow_up(keyed.clone()), follow_up(json!({})), follow_up(keyed)]});
    let settled = lab.settle(&leased, "completed", body.clone()).await.expect(200).body;
    assert_eq!(settled["outcome"], "completed");
    for place in [0, 2] {
        let refused = &settled["enqueued"][place];
        assert_eq!(
            (&refused["event_id"], &refused["error"]["code"]),
            (&Value::Null, &json!("run_cancelled")),
            "{settled}"
        );
        assert_eq!(refused["error"]["scenario_run_id"], "over");
    }
    assert!(settled["enqueued"][1]["event_id"].is_string(), "{settled}");
    assert_eq!(lab.settle(&leased, "completed", body).await.expect(200).body, settled);
    assert_eq!(count_events(&lab, "speech").await, 1);
    for table in ["idempotency_keys", "open_keys"] {
        let keys: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from eventlease.{table}")))
            .fetch_one(&lab.db)
            .await
            .expect("a count");
        assert_eq!(keys, 0, "{table}");
    }
}
