//! An engine's token: for that engine, and no other.

use serde_json::json;

use super::Guarded;
use crate::support::wait_for;

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
    // The reply may have been lost: the token that was shown is good for a minute more, and registers once more.
    let third = guarded.post(&first, "/api/v1/engines", &again).await.expect(200).text("engine_token");
    guarded.post(&third, &beat, &json!({})).await.expect(200);
    guarded.post(&second, &beat, &json!({})).await.problem(409, "engine_superseded");
    let left: Vec<bool> = sqlx::query_scalar(
        "select expires_at - statement_timestamp() between interval '10 seconds' and interval '60 seconds'
         from eventlease.tokens where revoked_at is null and expires_at is not null",
    )
    .fetch_all(&guarded.lab.db)
    .await
    .expect("rows");
    assert_eq!(left, [true]);
    guarded
        .lab
        .sql(
            "update eventlease.tokens set expires_at = statement_timestamp(), changed_in = pg_current_xact_id()
             where expires_at is not null",
        )
        .await;
    guarded.lab.broker().read_tokens().await.expect("a reading");
    guarded.post(&first, &beat, &json!({})).await.problem(409, "engine_superseded");
    guarded.post(&third, &beat, &json!({})).await.expect(200);
    // By another's token, what it had ends at once.
    let fourth = guarded.post(&orchestrator, "/api/v1/engines", &again).await.expect(200).text("engine_token");
    guarded.post(&third, &beat, &json!({})).await.problem(409, "engine_superseded");
    guarded.post(&fourth, &beat, &json!({})).await.expect(200);
    guarded.ask(&orchestrator, "DELETE", &format!("/api/v1/engines/{engine_id}")).await.expect(204);
    guarded.post(&fourth, &beat, &json!({})).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn an_engines_token_lasts_no_longer_than_the_one_it_takes_the_place_of() {
    let guarded = Guarded::start().await;
    let orchestrator = guarded.token("orchestrator", json!({})).await;
    let (engine_id, _) = guarded.register(&orchestrator, "dialogue").await;
    let given = json!({"name": "by hand", "engine_id": engine_id, "expires_in_seconds": 1000});
    let given = guarded.token("engine", given).await;
    let again = json!({"engine_type": "dialogue", "engine_id": engine_id});
    // Twice: the second time, the token shown has been cut short by the first.
    for _ in 0..2 {
        guarded.post(&given, "/api/v1/engines", &again).await.expect(200);
        let is_kept: bool = sqlx::query_scalar(
            "select new.expires_at = shown.granted_until and new.created_by_token_id = shown.token_id
             from eventlease.tokens new, eventlease.tokens shown
             where shown.name = 'by hand' and new.name like 'engine %' and new.revoked_at is null",
        )
        .fetch_one(&guarded.lab.db)
        .await
        .expect("one that is good");
        assert!(is_kept);
    }
}

#[tokio::test]
async fn engines_use_up_neither_their_own_tokens_nor_those_of_others() {
    let guarded = Guarded::start().await;
    let orchestrator = guarded.token("orchestrator", json!({})).await;
    let (engine_id, _) = guarded.register(&orchestrator, "dialogue").await;
    let again = json!({"engine_type": "dialogue", "engine_id": engine_id});
    for _ in 0..6 {
        guarded.post(&orchestrator, "/api/v1/engines", &again).await.expect(200);
    }
    let count = async || {
        sqlx::query_scalar::<_, i64>("select count(*) from eventlease.tokens where role = 'engine'")
            .fetch_one(&guarded.lab.db)
            .await
            .expect("a count")
    };
    // What has just ended stays: other replicas read that it did.
    assert_eq!(count().await, 7);
    guarded.lab.sql("update eventlease.tokens set revoked_at = revoked_at - interval '31 seconds'").await;
    guarded.post(&orchestrator, "/api/v1/engines", &again).await.expect(200);
    assert_eq!(count().await, 4 + 1);

    let many = "insert into eventlease.tokens (token_id, name, role, sha256, created_by)
        select gen_random_uuid(), 'many', 'reader', sha256(n::text::bytea), 'a test'
        from generate_series(1, 99000) n";
    guarded.lab.sql(many).await;
    read_many_tokens(&guarded).await;
    guarded.post(&orchestrator, "/api/v1/engines", &again).await.problem(429, "overloaded");
    guarded.token("reader", json!({})).await;
    guarded
        .lab
        .sql("update eventlease.tokens set revoked_at = now(), changed_in = pg_current_xact_id() where name = 'many'")
        .await;
    read_many_tokens(&guarded).await;
    guarded.post(&orchestrator, "/api/v1/engines", &again).await.expect(200);
}

/// So many take a busy machine longer than a statement may last; as the service does, the test asks again.
async fn read_many_tokens(guarded: &Guarded) {
    wait_for("a reading", async || guarded.lab.broker().read_tokens().await.ok()).await;
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

#[tokio::test]
async fn a_token_that_has_ended_registers_nothing() {
    let guarded = Guarded::start().await;
    let orchestrator = guarded.token("orchestrator", json!({})).await;
    let (engine_id, token) = guarded.register(&orchestrator, "dialogue").await;
    guarded.ask(&token, "DELETE", &format!("/api/v1/engines/{engine_id}")).await.expect(204);
    for engine_type in ["dialogue", "billing"] {
        let again = json!({"engine_type": engine_type, "engine_id": engine_id});
        guarded.post(&token, "/api/v1/engines", &again).await.problem(401, "unauthenticated");
    }

    // Nor where this server does not know yet that it has ended, and with it what makes tokens.
    let (engine_id, token) = guarded.register(&orchestrator, "dialogue").await;
    guarded.lab.sql("update eventlease.tokens set revoked_at = statement_timestamp()").await;
    let again = json!({"engine_type": "dialogue", "engine_id": engine_id});
    for token in [&token, &orchestrator] {
        let reply = guarded.post(token, "/api/v1/engines", &again).await.problem(401, "unauthenticated");
        assert!(reply.header("www-authenticate").contains("invalid_token"), "{reply:?}");
    }
    let new = json!({"name": "n", "role": "admin"});
    guarded.post(&guarded.admin, "/api/v1/tokens", &new).await.problem(401, "unauthenticated");
    let of_them: i64 = sqlx::query_scalar("select count(*) from eventlease.tokens where revoked_at is null")
        .fetch_one(&guarded.lab.db)
        .await
        .expect("a count");
    assert_eq!(of_them, 0);
}

#[tokio::test]
async fn an_engines_token_makes_no_engine() {
    let guarded = Guarded::start().await;
    let orchestrator = guarded.token("orchestrator", json!({})).await;
    let (engine_id, token) = guarded.register(&orchestrator, "dialogue").await;
    let as_type = |engine_type: &str| json!({"engine_type": engine_type, "engine_id": engine_id});
    guarded.post(&token, "/api/v1/engines", &as_type("billing")).await.problem(403, "forbidden");
    guarded.lab.sql("delete from eventlease.engine_states").await;
    guarded.post(&token, "/api/v1/engines", &as_type("dialogue")).await.problem(403, "forbidden");
    guarded.get(&orchestrator, &format!("/api/v1/engines/{engine_id}")).await.problem(404, "engine_not_found");
}

#[tokio::test]
async fn a_poll_does_not_outlive_its_token() {
    let guarded = Guarded::start_with(&["--open-metrics"]).await;
    let orchestrator = guarded.token("orchestrator", json!({})).await;
    let producer = guarded.token("producer", json!({})).await;
    let path = "/api/v1/events/queue/dialogue";
    for exchanges in [false, true] {
        let (engine_id, token) = guarded.register(&orchestrator, "dialogue").await;
        let request = if exchanges {
            guarded.lab.request("POST", &format!("{path}/lease")).json(&json!({"wait_seconds": 30}))
        } else {
            guarded.lab.request("GET", &format!("{path}?wait_seconds=30"))
        };
        let poll = tokio::spawn(crate::support::Reply::of(request.bearer_auth(&token)));
        guarded.lab.wait_for_parked_polls(1).await;
        let name = format!("/api/v1/tokens?name=engine%20{engine_id}");
        let listed = guarded.get(&guarded.admin, &name).await.expect(200);
        let token_id = listed.body["items"][0]["token_id"].as_str().expect("an id");
        guarded.ask(&guarded.admin, "DELETE", &format!("/api/v1/tokens/{token_id}")).await.expect(204);

        let event_id = guarded.enqueue(&producer, "dialogue").await;
        poll.await.expect("its end").problem(401, "unauthenticated");
        let (_, other) = guarded.register(&orchestrator, "dialogue").await;
        let leased = guarded.lease_one(&other, "dialogue").await;
        let (previous, retries) = (&leased["previous"]["outcome"], &leased["retries_left"]);
        assert_eq!(
            (&leased["event_id"], previous, retries),
            (&json!(event_id), &json!("released"), &json!(3)),
            "{leased}"
        );
        guarded.settle(&other, &leased, json!({"status": "completed"})).await.expect(200);
    }
}

#[tokio::test]
async fn the_token_of_an_engine_that_was_removed_in_sql_ends() {
    let guarded = Guarded::start().await;
    let orchestrator = guarded.token("orchestrator", json!({})).await;
    let (gone, its_token) = guarded.register(&orchestrator, "dialogue").await;
    let (there, token) = guarded.register(&orchestrator, "dialogue").await;
    guarded.lab.sql(&format!("delete from eventlease.engine_states where engine_id = '{gone}'")).await;
    guarded.lab.broker().tend_tokens().await.expect("a round");
    guarded.lab.broker().read_tokens().await.expect("a reading");
    guarded.get(&its_token, "/api/v1/events/queue/dialogue").await.problem(401, "unauthenticated");
    guarded.get(&token, &format!("/api/v1/engines/{there}")).await.expect(200);
}
