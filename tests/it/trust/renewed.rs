//! Tokens of engines that go on: replaced without a restart; and those that a restart ended.

use serde_json::{Value, json};

use super::{Guarded, TokenFile};
use crate::support::{Lab, unknown_id};

fn path_of(engine_id: &str) -> String {
    format!("/api/v1/engines/{engine_id}/token")
}

async fn renew(guarded: &Guarded, by: &str, engine_id: &str) -> Value {
    guarded.post(by, &path_of(engine_id), &json!({})).await.expect(200).body
}

#[tokio::test]
async fn a_token_is_swapped_while_leases_are_held_and_while_a_poll_waits() {
    let guarded = Guarded::start().await;
    let registrar = guarded.token("registrar", json!({"engine_types": ["dialogue"]})).await;
    let producer = guarded.token("producer", json!({})).await;
    let (engine_id, before) = guarded.register(&registrar, "dialogue").await;
    guarded.enqueue(&producer, "dialogue").await;
    let held = guarded.lease_one(&before, "dialogue").await;

    let waits = guarded.lease_one(&before, "dialogue");
    let swaps = async {
        let parked = async || {
            let metrics = guarded.get(&guarded.admin, "/metrics").await.expect(200).raw;
            metrics.contains("eventlease_polls_parked 1\n").then_some(())
        };
        guarded.lab.wait_for("a parked poll", parked).await;
        let renewed = renew(&guarded, &registrar, &engine_id).await;
        guarded.enqueue(&producer, "dialogue").await;
        renewed
    };
    let (next, renewed) = tokio::join!(waits, swaps);
    assert_eq!((&renewed["engine_id"], &renewed["incarnation"]), (&json!(engine_id), &json!(1)));
    let after = renewed["engine_token"].as_str().expect("a token");
    assert_ne!(after, before);

    // Both are good for a while, and the leases are the engine's, whichever it shows.
    let lease = json!({"event_id": held["event_id"], "lease_token": held["lease"]["lease_token"]});
    for token in [&before, after] {
        let path = format!("/api/v1/engines/{engine_id}/heartbeat");
        let beat = guarded.post(token, &path, &json!({"leases": [lease]})).await.expect(200);
        assert_eq!(beat.body["leases"][0]["outcome"], "renewed");
    }
    guarded.settle(&before, &held, json!({"status": "completed"})).await.expect(200);
    guarded.settle(after, &next, json!({"status": "completed"})).await.expect(200);

    let left: Vec<bool> = sqlx::query_scalar(
        "select expires_at - statement_timestamp() between interval '10 seconds' and interval '60 seconds'
         from eventlease.tokens where role = 'engine' and expires_at is not null and revoked_at is null",
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
    let engine = format!("/api/v1/engines/{engine_id}");
    // Nobody took its place: it is an ended token like any other.
    guarded.get(&before, &engine).await.problem(401, "unauthenticated");
    assert_eq!(guarded.get(after, &engine).await.expect(200).body["incarnation"], 1);
    let audit = guarded.get(&guarded.admin, "/api/v1/audit?action=renew_engine_token").await.expect(200);
    assert_eq!(audit.body["items"][0]["subject"], engine_id.as_str());
    assert_eq!(audit.body["items"][0]["details"], json!({"engine_type": "dialogue", "incarnation": 1}));
}

#[tokio::test]
async fn a_token_is_renewed_by_those_who_may_register_the_engine() {
    let guarded = Guarded::start().await;
    let orchestrator = guarded.token("orchestrator", json!({})).await;
    let (engine_id, token) = guarded.register(&orchestrator, "dialogue").await;
    renew(&guarded, &orchestrator, &engine_id).await;
    let stranger = guarded.token("registrar", json!({"engine_types": ["chess"]})).await;
    guarded.post(&stranger, &path_of(&engine_id), &json!({})).await.problem(404, "engine_not_found");
    guarded.post(&orchestrator, &path_of(&unknown_id()), &json!({})).await.problem(404, "engine_not_found");
    // Whoever has stolen an engine's token must not be able to keep it alive.
    guarded.post(&token, &path_of(&engine_id), &json!({})).await.problem(403, "forbidden");
    let bad = guarded.post(&orchestrator, &path_of("me"), &json!({"expires_in_seconds": 1})).await;
    assert_eq!(bad.problem(422, "invalid_input").places(), ["/expires_in_seconds", "engine_id"]);
}

#[tokio::test]
async fn without_authentication_there_is_nothing_to_renew() {
    let lab = Lab::start().await;
    let engine_id = lab.register("dialogue", json!({})).await;
    let reply = lab.post(&path_of(&engine_id), &json!({})).await.expect(200);
    assert_eq!((&reply.body["engine_id"], &reply.body["incarnation"]), (&json!(engine_id), &json!(1)));
    assert_eq!((reply.body.get("engine_token"), &reply.body["server"]["auth"]), (None, &json!(false)));
    lab.post(&path_of(&unknown_id()), &json!({})).await.problem(404, "engine_not_found");
}

/// Two processes with one id, each with a token of its own, on two servers.
#[tokio::test]
async fn a_token_that_ended_with_a_registration_says_so_on_every_server() {
    let mut guarded = Guarded::start().await;
    let file = TokenFile::new();
    let other = guarded.lab.start_replica(&["--auth", "required", "--admin-token-file", file.path()]).await;
    let registrar = guarded.token("registrar", json!({"engine_types": ["dialogue"]})).await;
    let (engine_id, older) = guarded.register(&registrar, "dialogue").await;
    let engine = format!("/api/v1/engines/{engine_id}");
    guarded.get(&older, &format!("{other}{engine}")).await.expect(200);

    // The older one waits for events there, while the newer one registers here.
    let poll = format!("{other}/api/v1/events/queue/dialogue?wait_seconds=30");
    let waits = guarded.get(&older, &poll);
    let registers = async {
        let parked = async || {
            let metrics = guarded.get(&guarded.admin, &format!("{other}/metrics")).await.expect(200).raw;
            metrics.contains("eventlease_polls_parked 1\n").then_some(())
        };
        guarded.lab.wait_for("a parked poll", parked).await;
        let body = json!({"engine_type": "dialogue", "engine_id": engine_id});
        let registered = guarded.post(&registrar, "/api/v1/engines", &body).await.expect(200);
        let (newer, registered_at) = (registered.text("engine_token"), registered.body["registered_at"].clone());
        let ended = async || {
            let reply = guarded.get(&older, &format!("{other}{engine}")).await;
            (reply.status != 200).then_some(reply)
        };
        let refused = guarded.lab.wait_for("the older token to end there", ended).await;
        let refused = refused.problem(409, "engine_superseded");
        assert_eq!(refused.body["registered_at"], registered_at);
        assert_eq!(refused.header("www-authenticate"), "");
        let refused = guarded.get(&older, &engine).await.problem(409, "engine_superseded");
        assert_eq!(refused.body["registered_at"], registered_at);
        // The poll waits for an event, and gets none.
        let producer = guarded.token("producer", json!({})).await;
        guarded.enqueue(&producer, "dialogue").await;
        newer
    };
    let (refused, newer) = tokio::join!(waits, registers);
    refused.problem(409, "engine_superseded");
    guarded.lease_one(&newer, "dialogue").await;

    // One that an admin revoked, or whose engine is gone, is an ended token like any other.
    guarded.ask(&registrar, "DELETE", &engine).await.problem(403, "forbidden");
    guarded.ask(&newer, "DELETE", &engine).await.expect(204);
    guarded.get(&newer, &engine).await.problem(401, "unauthenticated");
}
