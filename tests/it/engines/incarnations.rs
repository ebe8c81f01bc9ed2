//! Which registration of an engine a call speaks for: two processes with one id find out.

use serde_json::{Value, json};

use crate::support::{Lab, Reply, unknown_id};

fn poll_path(query: &str) -> String {
    format!("/api/v1/events/queue/dialogue?{query}")
}

async fn poll_as(lab: &Lab, url: &str, engine: &str, incarnation: &str, query: &str) -> Reply {
    let request = lab.request("GET", &format!("{url}{}", poll_path(query)));
    Reply::of(request.header("x-engine-id", engine).header("x-engine-incarnation", incarnation)).await
}

async fn call_as(lab: &Lab, method: &str, path: &str, incarnation: &str) -> Reply {
    let request = lab.request(method, path).header("x-engine-incarnation", incarnation);
    Reply::of(if method == "POST" { request.json(&json!({})) } else { request }).await
}

async fn exchange_as(lab: &Lab, engine: &str, incarnation: &str, body: &Value) -> Reply {
    let request = lab.request("POST", "/api/v1/events/queue/dialogue/lease").header("x-engine-id", engine);
    Reply::of(request.header("x-engine-incarnation", incarnation).json(body)).await
}

/// Registers an engine anew, and answers when.
async fn register_again(lab: &Lab, url: &str, engine: &str) -> Value {
    let body = json!({"engine_type": "dialogue", "engine_id": engine});
    let registered = lab.post(&format!("{url}/api/v1/engines"), &body).await.expect(200);
    registered.body["registered_at"].clone()
}

#[tokio::test]
async fn the_older_of_two_processes_with_one_id_finds_out() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let base = format!("/api/v1/engines/{engine}");
    poll_as(&lab, "", &engine, "1", "").await.expect(200);
    call_as(&lab, "POST", &format!("{base}/heartbeat"), "1").await.expect(200);
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let registered_at = register_again(&lab, "", &engine).await;
    let before = lab.get(&base).await.expect(200).body;

    for reply in [
        poll_as(&lab, "", &engine, "1", "limit=1").await,
        exchange_as(&lab, &engine, "1", &json!({"limit": 1})).await,
        call_as(&lab, "POST", &format!("{base}/heartbeat"), "1").await,
        call_as(&lab, "POST", &format!("{base}/drain"), "1").await,
        call_as(&lab, "DELETE", &base, "1").await,
        // As wrong is one that is not there yet.
        poll_as(&lab, "", &engine, "3", "limit=1").await,
    ] {
        let refused = reply.problem(409, "engine_superseded");
        assert_eq!(refused.body["registered_at"], registered_at, "{refused:?}");
    }
    let after = lab.get(&base).await.expect(200).body;
    assert_eq!((&after["status"], &after["last_heartbeat"]), (&before["status"], &Value::Null));
    assert_eq!(lab.event(&event_id).await["status"], "queued");

    // The newer one is served.
    assert_eq!(poll_as(&lab, "", &engine, "2", "limit=1").await.expect(200).event_ids(), [event_id]);
    call_as(&lab, "POST", &format!("{base}/heartbeat"), "2").await.expect(200);
    call_as(&lab, "POST", &format!("{base}/drain"), "2").await.expect(200);
    call_as(&lab, "DELETE", &base, "2").await.expect(204);
    call_as(&lab, "POST", &format!("{base}/heartbeat"), "2").await.problem(404, "engine_not_found");
}

#[tokio::test]
async fn a_heartbeat_that_renews_and_changes_state_is_refused_with_the_others() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    register_again(&lab, "", &engine).await;
    lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let lease = json!({"event_id": leased["event_id"], "lease_token": leased["lease"]["lease_token"]});
    let request = lab.request("POST", &format!("/api/v1/engines/{engine}/heartbeat"));
    let body = json!({"dynamic_state": {"of": "the older"}, "leases": [lease]});
    let refused = Reply::of(request.header("x-engine-incarnation", "1").json(&body)).await;
    refused.problem(409, "engine_superseded");
    let metadata = &lab.get(&format!("/api/v1/engines/{engine}")).await.expect(200).body["metadata"];
    assert_eq!(metadata["dynamic_state"], json!({}));
}

/// On its own server, and where the registration came in elsewhere.
#[tokio::test]
async fn a_waiting_poll_ends_when_its_engine_registers_again() {
    let mut lab = Lab::start().await;
    let other = lab.start_replica(&[]).await;
    for at in ["", other.as_str()] {
        let engine = lab.register("dialogue", json!({})).await;
        let waits = poll_as(&lab, "", &engine, "1", "wait_seconds=30");
        let registers = async {
            lab.wait_for_parked_polls(1).await;
            register_again(&lab, at, &engine).await
        };
        let (refused, registered_at) = tokio::join!(waits, registers);
        assert_eq!(refused.problem(409, "engine_superseded").body["registered_at"], registered_at);
    }
}

/// Nobody tells this server of it, and it hardly rechecks anything in time: the end of the wait is when it finds out.
#[tokio::test]
async fn a_poll_is_checked_once_more_when_its_wait_is_over() {
    let lab = Lab::start_with(&["--recheck-interval-ms", "5000"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    // Known from now on as waiting in order.
    poll_as(&lab, "", &engine, "1", "").await.expect(200);
    let waits = poll_as(&lab, "", &engine, "1", "wait_seconds=1");
    let registers = async {
        lab.wait_for_parked_polls(1).await;
        lab.sql(&format!(
            "update eventlease.engine_states set incarnation = 2, registered_at = statement_timestamp()
             where engine_id = '{engine}'"
        ))
        .await
    };
    let (refused, rows) = tokio::join!(waits, registers);
    assert_eq!(rows, 1);
    refused.problem(409, "engine_superseded");
    let empty = poll_as(&lab, "", &engine, "2", "wait_seconds=1").await.expect(200);
    assert!(empty.event_ids().is_empty(), "{empty:?}");
}

#[tokio::test]
async fn settlements_do_not_depend_on_the_incarnation() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let events = [lab.enqueue("dialogue", json!({})).await, lab.enqueue("dialogue", json!({})).await];
    let leased = poll_as(&lab, "", &engine, "1", "limit=2").await.expect(200).body["events"].clone();
    register_again(&lab, "", &engine).await;

    // Late reports of the former life, which nobody has leased again.
    let settlement = |at: usize| {
        json!({"event_id": leased[at]["event_id"], "lease_token": leased[at]["lease"]["lease_token"],
            "status": "completed"})
    };
    let exchanged = exchange_as(&lab, &engine, "1", &json!({"settlements": [settlement(0)]})).await.expect(200);
    assert_eq!(exchanged.body["results"][0]["outcome"], "completed");
    assert_eq!(exchanged.body["events"], json!([]));
    assert_eq!(exchanged.body["lease_error"]["code"], "engine_superseded");
    assert_eq!(exchanged.body["lease_error"]["status"], 409);
    let path = format!("/api/v1/events/{}/status", leased[1]["event_id"].as_str().expect("an id"));
    let body = json!({"lease_token": leased[1]["lease"]["lease_token"], "status": "completed"});
    let request = lab.request("PUT", &path).header("x-engine-id", &engine).header("x-engine-incarnation", "1");
    Reply::of(request.json(&body)).await.expect(200);
    for event_id in events {
        assert_eq!(lab.event(&event_id).await["status"], "completed");
    }
}

#[tokio::test]
async fn what_is_no_incarnation_is_named() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let base = format!("/api/v1/engines/{engine}");
    for wrong in ["0", "-1", "+1", "1.0", "one", "", "1000000000"] {
        for reply in [
            poll_as(&lab, "", &engine, wrong, "").await,
            exchange_as(&lab, &engine, wrong, &json!({})).await,
            call_as(&lab, "POST", &format!("{base}/heartbeat"), wrong).await,
            call_as(&lab, "POST", &format!("{base}/drain"), wrong).await,
            call_as(&lab, "DELETE", &base, wrong).await,
        ] {
            assert_eq!(reply.problem(422, "invalid_input").places(), ["X-Engine-Incarnation"], "{wrong:?}");
        }
    }
    // Every bad place at once.
    let refused = call_as(&lab, "POST", "/api/v1/engines/me/drain?now=1", "x").await.problem(422, "invalid_input");
    assert_eq!(refused.places(), ["X-Engine-Incarnation", "engine_id", "now"]);
    // It is said of nobody.
    let anonymous = lab.request("GET", &poll_path("")).header("x-engine-incarnation", "1");
    assert_eq!(Reply::of(anonymous).await.problem(422, "invalid_input").places(), ["X-Engine-Incarnation"]);
    let twice = lab.request("GET", &poll_path("")).header("x-engine-id", &engine);
    let twice = twice.header("x-engine-incarnation", "1").header("x-engine-incarnation", "2");
    assert_eq!(Reply::of(twice).await.problem(422, "invalid_input").places(), ["X-Engine-Incarnation"]);
    poll_as(&lab, "", &unknown_id(), "1", "").await.problem(404, "engine_not_found");
    let stranger = lab.register("narration", json!({})).await;
    poll_as(&lab, "", &stranger, "1", "").await.problem(409, "engine_type_mismatch");
}
