//! What the server tells of itself, and of how long a connection and a client's patience should last.

use serde_json::{Value, json};

use crate::support::Lab;

#[tokio::test]
async fn the_server_tells_its_version_and_its_limits() {
    let lab =
        Lab::start_with(&["--max-payload-bytes", "2000", "--max-json-depth", "9", "--max-body-bytes", "300000"]).await;
    let server = lab.get("/api/v1/server").await.expect(200).body;
    let expected = json!({
        "version": env!("CARGO_PKG_VERSION"), "lease_tokens": "optional", "auth": false,
        "limits": {
            "max_payload_bytes": 2000, "max_detail_bytes": 262_144, "max_body_bytes": 300_000, "max_json_depth": 9,
            "max_batch_events": 1000
        }
    });
    assert_eq!(server, expected);
    let registered = lab.post("/api/v1/engines", &json!({"engine_type": "dialogue"})).await.expect(201);
    assert_eq!(registered.body["server"], expected);
    assert_eq!(lab.get("/api/v1/session").await.expect(200).body["server"], expected);

    // They are those by which requests are judged.
    let event = |bytes: usize| json!({"engine_type": "dialogue", "event_type": "e", "payload": "a".repeat(bytes - 2)});
    lab.post("/api/v1/events", &event(2000)).await.expect(201);
    lab.post("/api/v1/events", &event(2001)).await.problem(422, "invalid_input");
    let refused = lab.get("/api/v1/server?verbose=1").await.problem(422, "invalid_input");
    assert_eq!(refused.places(), ["verbose"]);
    lab.post("/api/v1/server", &json!({})).await.problem(405, "method_not_allowed");
}

#[tokio::test]
async fn lease_tokens_are_required_where_the_operator_says_so() {
    let lab = Lab::start_with(&["--lease-tokens", "required"]).await;
    assert_eq!(lab.get("/api/v1/server").await.expect(200).body["lease_tokens"], "required");
}

#[tokio::test]
async fn replies_say_for_how_long_a_connection_may_be_idle() {
    let lab = Lab::start().await;
    assert_eq!(lab.get("/healthz").await.expect(200).header("keep-alive"), "timeout=110");
    assert_eq!(lab.get("/api/v1/nowhere").await.expect(404).header("keep-alive"), "timeout=110");
    let older = lab.request("GET", "/healthz").version(reqwest::Version::HTTP_10).send().await.expect("a reply");
    assert!(!older.headers().contains_key("keep-alive"), "{older:?}");
    let last = lab.request("GET", "/healthz").header("connection", "close").send().await.expect("a reply");
    assert!(!last.headers().contains_key("keep-alive"), "{last:?}");
    let short = Lab::start_with(&["--idle-timeout-seconds", "1"]).await;
    assert_eq!(short.get("/healthz").await.expect(200).header("keep-alive"), "");
}

/// Programs that forget to choose an id send one of these, and would all be one engine.
#[tokio::test]
async fn the_nil_and_the_max_uuid_are_no_engines() {
    let lab = Lab::start().await;
    for id in ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"] {
        let body = json!({"engine_type": "a b", "engine_id": id});
        let refused = lab.post("/api/v1/engines", &body).await.problem(422, "invalid_input");
        assert_eq!(refused.places(), ["/engine_id", "/engine_type"]);
        lab.poll("dialogue", id, "").await.problem(404, "engine_not_found");
        lab.heartbeat(id, json!({})).await.problem(404, "engine_not_found");
        lab.get(&format!("/api/v1/engines/{id}")).await.problem(404, "engine_not_found");
    }
    assert_eq!(lab.get("/api/v1/engines").await.expect(200).body["items"], Value::Array(Vec::new()));
}
