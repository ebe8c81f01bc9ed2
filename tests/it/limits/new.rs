//! How many new queues and engines one caller may make in an hour.

use serde_json::{Value, json};

use super::{is, refusals};
use crate::support::Lab;
use crate::trust::Guarded;

fn event(engine_type: &str) -> Value {
    json!({"engine_type": engine_type, "event_type": "test.happened", "payload": {}})
}

#[track_caller]
fn is_too_many(reply: crate::support::Reply, most: u32) {
    let reply = reply.problem(429, "rate_limited");
    let wait: u64 = reply.header("retry-after").parse().expect("seconds");
    assert_eq!((&reply.body["limit"], &reply.body["retry_after_seconds"]), (&json!(most), &json!(wait)));
    assert!(wait > 1000 && wait <= 3600 / u64::from(most) + 1, "{wait}");
}

#[tokio::test]
async fn one_caller_makes_so_many_queues_in_an_hour_and_another_its_own() {
    let flags = ["--max-new-queues-per-hour", "2", "--max-queues", "100", "--open-metrics"];
    let guarded = Guarded::start_with(&flags).await;
    let shop = guarded.token("producer", json!({"name": "shop"})).await;
    let mill = guarded.token("producer", json!({"name": "mill"})).await;
    let events = "/api/v1/events";
    guarded.post(&shop, events, &event("a")).await.expect(201);
    let batch = json!({"events": [event("b"), event("c"), event("a"), event("d")]});
    let reply = guarded.post(&shop, "/api/v1/events/batch", &batch).await.expect(207);
    let codes: Vec<&Value> =
        reply.body["results"].as_array().expect("a list").iter().map(|r| &r["error"]["code"]).collect();
    let refused = &json!("rate_limited");
    assert_eq!(codes, [&Value::Null, refused, &Value::Null, refused], "{reply:?}");
    assert!(reply.body["results"][1]["error"]["retry_after_seconds"].as_u64().is_some_and(|wait| wait > 1000));
    is_too_many(guarded.post(&shop, events, &event("c")).await, 2);
    let mut keyed = event("c");
    keyed["idempotency_key"] = json!("k");
    is_too_many(guarded.post(&shop, events, &keyed).await, 2);
    let mut atomic = batch.clone();
    atomic["atomic"] = json!(true);
    guarded.post(&shop, "/api/v1/events/batch", &atomic).await.expect(422);
    // Those that are there go on, for everybody, and another caller makes its own.
    guarded.post(&shop, events, &event("b")).await.expect(201);
    guarded.post(&mill, events, &event("c")).await.expect(201);
    guarded.post(&shop, events, &event("c")).await.expect(201);

    // By engines, settings and pauses alike.
    let orchestrator = guarded.token("orchestrator", json!({})).await;
    let operator = guarded.token("operator", json!({})).await;
    for queue in ["e", "f"] {
        guarded.register(&orchestrator, queue).await;
        guarded.send(&operator, "PATCH", &format!("/api/v1/queues/set-{queue}"), &json!({})).await.expect(200);
    }
    is_too_many(guarded.post(&orchestrator, "/api/v1/engines", &json!({"engine_type": "g"})).await, 2);
    is_too_many(guarded.send(&operator, "PATCH", "/api/v1/queues/g", &json!({})).await, 2);
    is_too_many(guarded.post(&operator, "/api/v1/queues/g/pause", &json!({})).await, 2);
    guarded.register(&orchestrator, "a").await;
    is(refusals(&guarded.lab, "new_queues").await, 9.0);
    let made: Vec<String> = sqlx::query_scalar("select engine_type from eventlease.queues order by engine_type")
        .fetch_all(&guarded.lab.db)
        .await
        .expect("rows");
    assert_eq!(made, ["a", "b", "c", "e", "f", "set-e", "set-f"]);
}

#[tokio::test]
async fn without_authentication_queues_are_counted_by_address() {
    let lab = Lab::start_with(&["--max-new-queues-per-hour", "3", "--trusted-proxy", "127.0.0.1"]).await;
    let enqueue = async |address: &str, queue: &str| {
        let request = lab.request("POST", "/api/v1/events").header("x-forwarded-for", address);
        crate::support::Reply::of(request.json(&event(queue))).await
    };
    let all = (0..40).map(|number| {
        let request = lab.request("POST", "/api/v1/events").header("x-forwarded-for", "192.0.2.1");
        tokio::spawn(crate::support::Reply::of(request.json(&event(&format!("queue-{number}")))))
    });
    let mut made = 0;
    for call in all.collect::<Vec<_>>() {
        let reply = call.await.expect("a reply");
        if reply.status == 201 {
            made += 1;
        } else {
            is_too_many(reply, 3);
        }
    }
    assert_eq!(made, 3);
    enqueue("192.0.2.2", "another").await.expect(201);
    is_too_many(enqueue("192.0.2.1", "one-more").await, 3);
}

#[tokio::test]
async fn what_failed_does_not_count() {
    let guarded = Guarded::start_with(&["--max-new-queues-per-hour", "1", "--max-new-engines-per-hour", "1"]).await;
    let orchestrator = guarded.token("orchestrator", json!({})).await;
    guarded.lab.sql("alter table eventlease.queues add constraint refused check (engine_type <> 'refused')").await;
    for _ in 0..3 {
        let refused = guarded.post(&orchestrator, "/api/v1/engines", &json!({"engine_type": "refused"})).await;
        assert_eq!(refused.status, 500, "{refused:?}");
    }
    guarded.register(&orchestrator, "taken").await;
}

#[tokio::test]
async fn one_token_registers_so_many_new_engines_in_an_hour() {
    let guarded = Guarded::start_with(&["--max-new-engines-per-hour", "2", "--open-metrics"]).await;
    let registrar = guarded.token("registrar", json!({"engine_types": ["dialogue"]})).await;
    let (first, own) = guarded.register(&registrar, "dialogue").await;
    guarded.register(&registrar, "dialogue").await;
    let new = json!({"engine_type": "dialogue"});
    is_too_many(guarded.post(&registrar, "/api/v1/engines", &new).await, 2);
    is(refusals(&guarded.lab, "new_engines").await, 1.0);
    // One that is known registers again as often as it likes.
    let again = json!({"engine_type": "dialogue", "engine_id": first});
    for token in [&registrar, &registrar, &registrar] {
        guarded.post(token, "/api/v1/engines", &again).await.expect(200);
    }
    guarded.post(&own, "/api/v1/engines", &again).await.problem(409, "engine_superseded");
    let another = guarded.token("registrar", json!({"name": "another", "engine_types": ["dialogue"]})).await;
    guarded.register(&another, "dialogue").await;
    let counts: (i64, i64) = sqlx::query_as(
        "select (select count(*) from eventlease.engine_states),
            (select count(*) from eventlease.tokens where role = 'engine' and revoked_at is null)",
    )
    .fetch_one(&guarded.lab.db)
    .await
    .expect("counts");
    assert_eq!(counts, (3, 3));
}
