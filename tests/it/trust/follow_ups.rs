//! Into which queues an engine may enqueue follow-up events.

use serde_json::{Value, json};

use super::Guarded;

fn into(engine_type: &str) -> Value {
    json!({"status": "completed", "enqueue": [{"engine_type": engine_type, "event_type": "e", "payload": 1}]})
}

async fn register(guarded: &Guarded, token: &str, body: Value) -> (String, String) {
    let reply = guarded.post(token, "/api/v1/engines", &body).await;
    assert!(matches!(reply.status, 200 | 201), "{reply:?}");
    (reply.text("engine_id"), reply.text("engine_token"))
}

#[tokio::test]
async fn an_engine_enqueues_into_its_own_queue_and_those_of_its_registration() {
    let guarded = Guarded::start().await;
    let registrar = guarded.token("registrar", json!({"engine_types": ["dialogue", "speech"]})).await;
    let producer = guarded.token("producer", json!({})).await;
    let body = json!({"engine_type": "dialogue", "may_enqueue": ["speech"]});
    let (engine_id, token) = register(&guarded, &registrar, body).await;
    let shown = guarded.get(&guarded.admin, &format!("/api/v1/engines/{engine_id}")).await;
    assert!(shown.status != 200 || shown.body["may_enqueue"] == json!(["speech"]), "{shown:?}");
    for engine_type in ["dialogue", "speech"] {
        guarded.enqueue(&producer, "dialogue").await;
        let leased = guarded.lease_one(&token, "dialogue").await;
        let settled = guarded.settle(&token, &leased, into(engine_type)).await.expect(200);
        let made = settled.body["enqueued"][0]["event_id"].as_str().expect("an id").to_owned();
        // It is the engines', not the producer's.
        guarded.get(&producer, &format!("/api/v1/events/{made}")).await.problem(404, "event_not_found");
        if engine_type == "dialogue" {
            let next = guarded.lease_one(&token, "dialogue").await;
            guarded.settle(&token, &next, json!({"status": "completed"})).await.expect(200);
        }
    }
    guarded.enqueue(&producer, "dialogue").await;
    let leased = guarded.lease_one(&token, "dialogue").await;
    let refused = guarded.settle(&token, &leased, into("song")).await.problem(422, "follow_up_refused");
    assert_eq!(refused.places(), ["/enqueue/0/engine_type"]);
    guarded.settle(&token, &leased, into("speech")).await.expect(200);
    // A repeat is answered as the first, whatever it says.
    assert_eq!(guarded.settle(&token, &leased, into("song")).await.expect(200).body["outcome"], "completed");
}

#[tokio::test]
async fn a_registrars_types_bound_what_its_engines_may_enqueue() {
    let guarded = Guarded::start().await;
    let registrar = guarded.token("registrar", json!({"engine_types": ["dialogue"]})).await;
    let body = json!({"engine_type": "dialogue", "may_enqueue": ["speech"]});
    let refused = guarded.post(&registrar, "/api/v1/engines", &body).await.problem(403, "forbidden");
    assert_eq!(refused.places(), ["/may_enqueue/0"]);
    let several = json!({"engine_type": "dialogue", "may_enqueue": ["speech", "dialogue", "song"]});
    let refused = guarded.post(&registrar, "/api/v1/engines", &several).await.problem(403, "forbidden");
    assert_eq!(refused.places(), ["/may_enqueue/0", "/may_enqueue/2"]);
    register(&guarded, &registrar, json!({"engine_type": "dialogue", "may_enqueue": ["dialogue"]})).await;
    let wrong = json!({"engine_type": "dialogue", "may_enqueue": ["a b", "speech"]});
    let refused = guarded.post(&registrar, "/api/v1/engines", &wrong).await.problem(422, "invalid_input");
    assert_eq!(refused.places(), ["/may_enqueue/0"]);
    let many = json!({"engine_type": "dialogue", "may_enqueue": vec!["speech"; 101]});
    let refused = guarded.post(&registrar, "/api/v1/engines", &many).await.problem(422, "invalid_input");
    assert_eq!(refused.places(), ["/may_enqueue"]);
}

#[tokio::test]
async fn an_engines_own_token_cannot_widen_what_it_may_enqueue() {
    let guarded = Guarded::start().await;
    let registrar = guarded.token("registrar", json!({"engine_types": ["dialogue", "speech", "song"]})).await;
    let body = |more: Value| {
        let mut body = json!({"engine_type": "dialogue"});
        crate::support::merge(&mut body, more);
        body
    };
    let (engine_id, token) = register(&guarded, &registrar, body(json!({"may_enqueue": ["speech", "song"]}))).await;
    let shown = async |token: &str| {
        guarded.get(token, &format!("/api/v1/engines/{engine_id}")).await.expect(200).body["may_enqueue"].clone()
    };
    let again = |more: Value| {
        let mut whole = body(json!({"engine_id": engine_id}));
        crate::support::merge(&mut whole, more);
        whole
    };
    // Left out, all stays.
    let (_, token) = register(&guarded, &token, again(json!({}))).await;
    assert_eq!(shown(&token).await, json!(["speech", "song"]));
    let wider = again(json!({"may_enqueue": ["speech", "trend"]}));
    let refused = guarded.post(&token, "/api/v1/engines", &wider).await.problem(403, "forbidden");
    assert_eq!(refused.places(), ["/may_enqueue/1"]);
    let (_, token) = register(&guarded, &token, again(json!({"may_enqueue": ["song"]}))).await;
    assert_eq!(shown(&token).await, json!(["song"]));
    let wider = again(json!({"may_enqueue": ["speech", "song"]}));
    guarded.post(&token, "/api/v1/engines", &wider).await.problem(403, "forbidden");
    let (_, token) = register(&guarded, &registrar, wider).await;
    assert_eq!(shown(&token).await, json!(["speech", "song"]));
    let (_, token) = register(&guarded, &registrar, again(json!({}))).await;
    assert_eq!(shown(&token).await, json!([]), "a registrar's registration says it all");
}
