//! Ids of engines and events beyond a token's reach: the replies are those for ids that nothing has, whatever state it is in.

use serde_json::{Value, json};

use super::Guarded;
use crate::support::{Reply, unknown_id};

/// A reply without the id that was asked for.
fn without_id(reply: &Reply, id: &str) -> (u16, String) {
    (reply.status, reply.raw.replace(id, "[id]"))
}

/// The calls with an event's id, or an engine's, answer alike for `theirs` and for an id that nothing has.
async fn assert_alike(guarded: &Guarded, token: &str, calls: &[(&str, &str, Value)], theirs: &str) {
    for (method, path, body) in calls {
        let unknown = unknown_id();
        let ask = async |id: &str| {
            let path = path.replace("{id}", id);
            let reply = if *method == "GET" || *method == "DELETE" {
                guarded.ask(token, method, &path).await
            } else {
                guarded.send(token, method, &path, body).await
            };
            without_id(&reply, id)
        };
        let (hidden, missing) = (ask(theirs).await, ask(&unknown).await);
        assert_eq!(hidden, missing, "{method} {path}");
        assert_eq!(hidden.0, 404, "{method} {path}: {hidden:?}");
    }
}

/// Events in each state there is, of the queue `dialogue`.
async fn in_each_state(guarded: &Guarded) -> Vec<(&'static str, String)> {
    let orchestrator = guarded.token("orchestrator", json!({})).await;
    let producer = guarded.token("producer", json!({"name": "shop"})).await;
    let operator = guarded.token("operator", json!({"name": "everything"})).await;
    let (_, engine) = guarded.register(&orchestrator, "dialogue").await;
    let mut events = Vec::new();
    for (state, word) in [
        ("completed", json!({"status": "completed"})),
        ("dead letter", json!({"status": "failed", "error": "no", "retryable": false})),
    ] {
        let event_id = guarded.enqueue(&producer, "dialogue").await;
        let leased = guarded.lease_one(&engine, "dialogue").await;
        guarded.settle(&engine, &leased, word).await.expect(200);
        events.push((state, event_id));
    }
    let leased = guarded.enqueue(&producer, "dialogue").await;
    guarded.lease_one(&engine, "dialogue").await;
    events.push(("processing", leased));
    let cancelled = guarded.enqueue(&producer, "dialogue").await;
    guarded.ask(&operator, "POST", &format!("/api/v1/events/{cancelled}/cancel")).await.expect(200);
    events.push(("cancelled", cancelled));
    events.push(("queued", guarded.enqueue(&producer, "dialogue").await));
    events
}

#[tokio::test]
async fn an_event_beyond_reach_is_answered_like_one_that_does_not_exist() {
    let guarded = Guarded::start().await;
    let reads = [
        ("GET", "/api/v1/events/{id}", Value::Null),
        ("GET", "/api/v1/events/{id}?include=payload&wait_seconds=1", Value::Null),
        ("GET", "/api/v1/events/{id}/attempts", Value::Null),
    ];
    let letters = [("GET", "/api/v1/dead-letters/{id}", Value::Null)];
    let changes = [
        ("POST", "/api/v1/events/{id}/cancel", json!({})),
        ("POST", "/api/v1/dead-letters/{id}/redrive", json!({})),
        ("POST", "/api/v1/dead-letters/{id}/redrive", json!({"payload": 1})),
        ("DELETE", "/api/v1/dead-letters/{id}", Value::Null),
    ];
    let mill = guarded.token("producer", json!({"name": "mill"})).await;
    // Of the same name as the one that brought the events, so that nothing but the limit is in the way.
    let elsewhere = guarded.token("producer", json!({"name": "shop", "engine_types": ["chess"]})).await;
    let reader = guarded.token("reader", json!({"engine_types": ["chess"]})).await;
    let operator = guarded.token("operator", json!({"engine_types": ["chess"]})).await;
    for (state, event_id) in in_each_state(&guarded).await {
        println!("{state}");
        for token in [&mill, &elsewhere] {
            assert_alike(&guarded, token, &reads, &event_id).await;
        }
        for token in [&reader, &operator] {
            assert_alike(&guarded, token, &[&reads[..], &letters].concat(), &event_id).await;
        }
        assert_alike(&guarded, &operator, &changes, &event_id).await;
    }
}

#[tokio::test]
async fn an_engine_beyond_reach_is_answered_like_one_that_is_not_registered() {
    let guarded = Guarded::start().await;
    let orchestrator = guarded.token("orchestrator", json!({})).await;
    let (engine_id, _) = guarded.register(&orchestrator, "dialogue").await;
    let limited = guarded.token("orchestrator", json!({"engine_types": ["chess"]})).await;
    let calls = [
        ("GET", "/api/v1/engines/{id}", Value::Null),
        ("GET", "/api/v1/engines/{id}/leases", Value::Null),
        ("PATCH", "/api/v1/engines/{id}", json!({})),
        ("POST", "/api/v1/engines/{id}/drain", json!({})),
        ("POST", "/api/v1/engines/{id}/resume", json!({})),
        ("DELETE", "/api/v1/engines/{id}", Value::Null),
    ];
    assert_alike(&guarded, &limited, &calls, &engine_id).await;
    guarded.get(&orchestrator, &format!("/api/v1/engines/{engine_id}")).await.expect(200);
}

#[tokio::test]
async fn who_registers_a_known_id_learns_its_type_within_its_reach_only() {
    let guarded = Guarded::start().await;
    let orchestrator = guarded.token("orchestrator", json!({})).await;
    let (engine_id, _) = guarded.register(&orchestrator, "secret-project").await;
    let body = json!({"engine_type": "chess", "engine_id": engine_id});
    for role in ["registrar", "orchestrator"] {
        let limited = guarded.token(role, json!({"engine_types": ["chess"]})).await;
        let refused = guarded.post(&limited, "/api/v1/engines", &body).await.problem(409, "engine_id_taken");
        assert!(!refused.raw.contains("secret-project"), "{refused:?}");
        let both = guarded.token(role, json!({"engine_types": ["chess", "secret-project"]})).await;
        let told = guarded.post(&both, "/api/v1/engines", &body).await.problem(409, "engine_id_taken");
        assert_eq!(told.body["engine_type"], "secret-project");
    }
}

#[tokio::test]
async fn an_engine_of_another_type_is_refused_alike_whichever_state_an_event_is_in() {
    let guarded = Guarded::start().await;
    let events = in_each_state(&guarded).await;
    let orchestrator = guarded.token("orchestrator", json!({"name": "chess club"})).await;
    let (stranger_id, stranger) = guarded.register(&orchestrator, "chess").await;
    let token_of = async |event_id: &str| -> Option<String> {
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "select replace(lease_token::text, '-', '') from (
                select lease_token from eventlease.open_events where event_id = '{event_id}'
                union all select lease_token from eventlease.event_attempts where event_id = '{event_id}') known
             where lease_token is not null"
        )))
        .fetch_optional(&guarded.lab.db)
        .await
        .expect("an answer")
    };
    for (state, event_id) in events {
        // Made up, and as if the lease's own had leaked.
        for lease_token in [Some("0".repeat(32)), token_of(&event_id).await].into_iter().flatten() {
            for report in [
                json!({"status": "completed"}),
                json!({"status": "failed", "error": "no"}),
                json!({"status": "queued"}),
                json!({"status": "processing"}),
            ] {
                let mut body = report.clone();
                body["lease_token"] = json!(lease_token);
                let path = format!("/api/v1/events/{event_id}/status");
                let refused = guarded.send(&stranger, "PUT", &path, &body).await.problem(403, "forbidden");
                let detail = format!("event {event_id} is for engines of another type than the one that reports on it");
                assert_eq!(
                    (refused.text("detail"), refused.body.as_object().map(serde_json::Map::len)),
                    (detail, Some(5)),
                    "{state}"
                );
                body["event_id"] = json!(event_id);
                let exchange = json!({"settlements": [body]});
                let path = "/api/v1/events/queue/chess/lease";
                let reply = guarded.post(&stranger, path, &exchange).await.expect(200);
                assert_eq!(reply.body["results"][0]["error"]["code"], "forbidden", "{state}: {reply:?}");
            }
            let lease = json!({"event_id": event_id, "lease_token": lease_token});
            let beat = format!("/api/v1/engines/{stranger_id}/heartbeat");
            let reply = guarded.post(&stranger, &beat, &json!({"leases": [lease]})).await.expect(200);
            assert_eq!(reply.body["leases"][0], json!({"event_id": event_id, "outcome": "lost"}), "{state}");
        }
    }
}
