//! An engine's token: for that engine, and no other.

use serde_json::json;

use super::Guarded;

#[tokio::test]
async fn an_engine_works_with_its_own_token() {
    let guarded = Guarded::start().await;
    let registrar = guarded.token("registrar", json!({"engine_types": ["dialogue"]})).await;
    let producer = guarded.token("producer", json!({})).await;
    let (engine_id, token) = guarded.register(&registrar, "dialogue").await;
    let event_id = guarded.enqueue(&producer, "dialogue").await;
    let leased = guarded.lease_one(&token, "dialogue").await;
    assert_eq!(leased["lease"]["leased_by"], engine_id.as_str());
    let lease = json!({"event_id": event_id, "lease_token": leased["lease"]["lease_token"]});
    let beat = guarded
        .post(&token, &format!("/api/v1/engines/{engine_id}/heartbeat"), &json!({"leases": [lease]}))
        .await
        .expect(200);
    assert_eq!(beat.body["leases"][0]["outcome"], "renewed");
    let held = guarded.get(&token, &format!("/api/v1/engines/{engine_id}/leases")).await.expect(200);
    assert_eq!(held.body["items"][0]["lease"]["lease_token"], leased["lease"]["lease_token"]);
    guarded.settle(&token, &leased, json!({"status": "completed"})).await.expect(200);
    let event = guarded.get(&producer, &format!("/api/v1/events/{event_id}")).await.expect(200);
    assert_eq!(event.body["status"], "completed");
    guarded.ask(&token, "DELETE", &format!("/api/v1/engines/{engine_id}")).await.expect(204);
    let path = format!("/api/v1/engines/{engine_id}");
    let has_ended = async || (guarded.get(&token, &path).await.status == 401).then_some(());
    guarded.lab.wait_for("its token to end", has_ended).await;
}

#[tokio::test]
async fn an_engine_has_nothing_to_do_with_what_others_hold() {
    let guarded = Guarded::start().await;
    let orchestrator = guarded.token("orchestrator", json!({})).await;
    let producer = guarded.token("producer", json!({})).await;
    let (own, token) = guarded.register(&orchestrator, "dialogue").await;
    let (other, other_token) = guarded.register(&orchestrator, "dialogue").await;
    let (_, stranger_token) = guarded.register(&orchestrator, "narration").await;
    guarded.enqueue(&producer, "dialogue").await;
    let leased = guarded.lease_one(&other_token, "dialogue").await;

    // Even with the lease's token, which may have leaked.
    for body in [
        json!({"status": "completed"}),
        json!({"status": "failed", "error": "no"}),
        json!({"status": "queued"}),
        json!({"status": "processing"}),
    ] {
        guarded.settle(&token, &leased, body).await.problem(403, "forbidden");
    }
    let lease = json!({"event_id": leased["event_id"], "lease_token": leased["lease"]["lease_token"]});
    let beat = guarded
        .post(&token, &format!("/api/v1/engines/{own}/heartbeat"), &json!({"leases": [lease]}))
        .await
        .expect(200);
    assert_eq!(beat.body["leases"][0]["outcome"], "lost");
    let mut entry = lease.clone();
    entry["status"] = json!("completed");
    let many = guarded.send(&token, "PUT", "/api/v1/events/status", &json!({"settlements": [entry]})).await.expect(200);
    assert_eq!(many.body["results"][0]["error"]["code"], "forbidden");
    let exchanged =
        guarded.post(&token, "/api/v1/events/queue/dialogue/lease", &json!({"settlements": [entry]})).await.expect(200);
    assert_eq!(exchanged.body["results"][0]["error"]["code"], "forbidden");

    // Nor once the lease is lost, and nobody has the event.
    let event_id = leased["event_id"].as_str().expect("an event");
    guarded.lab.expire(event_id).await;
    guarded.lab.broker().reap().await.expect("a round");
    guarded.settle(&token, &leased, json!({"status": "completed"})).await.problem(409, "lease_lost");

    for (method, path) in [("GET", ""), ("DELETE", ""), ("POST", "/heartbeat"), ("GET", "/leases")]
        .map(|(m, p)| (m, format!("/api/v1/engines/{other}{p}")))
    {
        guarded.send(&token, method, &path, &json!({})).await.problem(403, "forbidden");
    }
    guarded.get(&stranger_token, "/api/v1/events/queue/dialogue").await.problem(409, "engine_type_mismatch");
    let another = json!({"engine_type": "dialogue", "engine_id": other});
    guarded.post(&token, "/api/v1/engines", &another).await.problem(403, "forbidden");
    guarded.post(&token, "/api/v1/engines", &json!({"engine_type": "dialogue"})).await.problem(403, "forbidden");
}

#[tokio::test]
async fn a_registration_ends_the_token_before() {
    let guarded = Guarded::start().await;
    let orchestrator = guarded.token("orchestrator", json!({})).await;
    let (engine_id, first) = guarded.register(&orchestrator, "dialogue").await;
    let again = json!({"engine_type": "dialogue", "engine_id": engine_id});
    // By its own token: no registrar's is needed for a restart.
    let second = guarded.post(&first, "/api/v1/engines", &again).await.expect(200).text("engine_token");
    assert_ne!(first, second);
    let beat = format!("/api/v1/engines/{engine_id}/heartbeat");
    guarded.post(&second, &beat, &json!({})).await.expect(200);
    guarded
        .lab
        .wait_for("the first token to end", async || {
            (guarded.post(&first, &beat, &json!({})).await.status == 401).then_some(())
        })
        .await;
    let third = guarded.post(&orchestrator, "/api/v1/engines", &again).await.expect(200).text("engine_token");
    guarded.post(&third, &beat, &json!({})).await.expect(200);
    guarded.ask(&orchestrator, "DELETE", &format!("/api/v1/engines/{engine_id}")).await.expect(204);
    guarded
        .lab
        .wait_for("the third token to end", async || {
            (guarded.post(&third, &beat, &json!({})).await.status == 401).then_some(())
        })
        .await;
}

#[tokio::test]
async fn nobody_speaks_for_an_engine_but_its_token() {
    let guarded = Guarded::start().await;
    let orchestrator = guarded.token("orchestrator", json!({})).await;
    let (own, token) = guarded.register(&orchestrator, "dialogue").await;
    let (other, _) = guarded.register(&orchestrator, "dialogue").await;
    let named = async |token: &str, method: &str, path: &str, engine: &str| {
        let request = guarded.lab.request(method, path).bearer_auth(token).header("x-engine-id", engine);
        crate::support::Reply::of(request).await
    };
    let poll = "/api/v1/events/queue/dialogue";
    named(&token, "GET", poll, &own).await.expect(200);
    named(&token, "GET", poll, &other).await.problem(403, "forbidden");
    guarded.get(&token, &format!("{poll}?engine_id={other}")).await.problem(403, "forbidden");
    guarded.get(&token, &format!("{poll}?engine_id={own}")).await.expect(200);
    // Or its leases would go back as if it left by itself.
    named(&orchestrator, "DELETE", &format!("/api/v1/engines/{own}"), &own).await.problem(403, "forbidden");
}

#[tokio::test]
async fn with_authentication_nobody_settles_without_the_lease_token() {
    let guarded = Guarded::start().await;
    let orchestrator = guarded.token("orchestrator", json!({})).await;
    let producer = guarded.token("producer", json!({})).await;
    let (_, token) = guarded.register(&orchestrator, "dialogue").await;
    guarded.enqueue(&producer, "dialogue").await;
    let leased = guarded.lease_one(&token, "dialogue").await;
    let path = format!("/api/v1/events/{}/status", leased["event_id"].as_str().expect("an event"));
    let reply = guarded.send(&token, "PUT", &path, &json!({"status": "completed"})).await.problem(422, "invalid_input");
    assert_eq!(reply.places(), ["/lease_token"]);
    guarded.settle(&token, &leased, json!({"status": "completed"})).await.expect(200);
}
