//! A token that ends while a request is on its way: its last byte comes too late, and no wait ends with an answer.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Guarded;
use crate::support::{PATIENCE, Reply};

/// A request of which everything but the last byte of its body has been read by the server.
async fn all_but_the_last_byte(guarded: &Guarded, token: &str, method: &str, path: &str, body: &str) -> TcpStream {
    let address = guarded.lab.url.strip_prefix("http://").expect("a URL");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let (length, (sent, _)) = (body.len(), body.split_at(body.len() - 1));
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{sent}").as_bytes()).await.expect("sent");
    guarded
        .lab
        .wait_for("the body to be held", async || {
            let bytes = guarded.lab.metric("eventlease_request_body_bytes").await;
            (bytes >= f64::from(u32::try_from(sent.len()).expect("short"))).then_some(())
        })
        .await;
    stream
}

async fn reply(mut stream: TcpStream) -> String {
    let mut read = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut read)).await.expect("a reply").expect("a whole reply");
    String::from_utf8_lossy(&read).into_owned()
}

#[track_caller]
fn is_refused(reply: &str) {
    assert!(reply.starts_with("HTTP/1.1 401 ") && reply.contains("\"code\":\"unauthenticated\""), "{reply}");
}

async fn events(guarded: &Guarded) -> i64 {
    sqlx::query_scalar("select count(*) from eventlease.events").fetch_one(&guarded.lab.db).await.expect("a count")
}

async fn token_id(guarded: &Guarded, name: &str) -> String {
    let listed = guarded.get(&guarded.admin, &format!("/api/v1/tokens?name={name}")).await.expect(200);
    listed.body["items"][0]["token_id"].as_str().expect("an id").to_owned()
}

async fn revoke(guarded: &Guarded, name: &str) {
    let path = format!("/api/v1/tokens/{}", token_id(guarded, name).await);
    guarded.ask(&guarded.admin, "DELETE", &path).await.expect(204);
}

#[tokio::test]
async fn a_body_that_ends_after_its_token_is_not_accepted() {
    let guarded = Guarded::start_with(&["--open-metrics"]).await;
    let event = json!({"engine_type": "dialogue", "event_type": "e", "payload": 1});
    let batch = json!({"events": [event]}).to_string();
    for (path, body) in [("/api/v1/events", event.to_string()), ("/api/v1/events/batch", batch)] {
        let shop = guarded.token("producer", json!({"name": "shop"})).await;
        let mut begun = all_but_the_last_byte(&guarded, &shop, "POST", path, &body).await;
        revoke(&guarded, "shop").await;
        begun.write_all(b"}").await.expect("sent");
        is_refused(&reply(begun).await);

        let shop = guarded.token("producer", json!({"name": "shop", "expires_in_seconds": 1000})).await;
        let mut begun = all_but_the_last_byte(&guarded, &shop, "POST", path, &body).await;
        guarded
            .lab
            .sql(
                "update eventlease.tokens set expires_at = statement_timestamp(), changed_in = pg_current_xact_id()
                 where name = 'shop' and expires_at is not null",
            )
            .await;
        guarded.lab.broker().read_tokens().await.expect("a reading");
        begun.write_all(b"}").await.expect("sent");
        is_refused(&reply(begun).await);
    }
    assert_eq!(events(&guarded).await, 0);
    // And with a token that lasts it is.
    let shop = guarded.token("producer", json!({"name": "shop"})).await;
    let mut begun = all_but_the_last_byte(&guarded, &shop, "POST", "/api/v1/events", &event.to_string()).await;
    begun.write_all(b"}").await.expect("sent");
    assert!(reply(begun).await.starts_with("HTTP/1.1 201 "));
}

#[tokio::test]
async fn an_engine_that_was_registered_again_ends_what_its_former_token_has_begun() {
    let guarded = Guarded::start_with(&["--open-metrics"]).await;
    let orchestrator = guarded.token("orchestrator", json!({})).await;
    let producer = guarded.token("producer", json!({})).await;
    let (engine_id, engine) = guarded.register(&orchestrator, "dialogue").await;
    guarded.enqueue(&producer, "dialogue").await;
    let leased = guarded.lease_one(&engine, "dialogue").await;
    let body = json!({"lease_token": leased["lease"]["lease_token"], "status": "completed"}).to_string();
    let path = format!("/api/v1/events/{}/status", leased["event_id"].as_str().expect("an id"));
    let mut begun = all_but_the_last_byte(&guarded, &engine, "PUT", &path, &body).await;
    let again = json!({"engine_type": "dialogue", "engine_id": engine_id});
    guarded.post(&orchestrator, "/api/v1/engines", &again).await.expect(200);
    begun.write_all(b"}").await.expect("sent");
    let refused = reply(begun).await;
    assert!(refused.starts_with("HTTP/1.1 409 ") && refused.contains("\"code\":\"engine_superseded\""), "{refused}");
    let event =
        guarded.get(&producer, &format!("/api/v1/events/{}", leased["event_id"].as_str().expect("an id"))).await;
    assert_eq!(event.expect(200).body["status"], "queued");
}

#[tokio::test]
async fn a_wait_for_an_events_end_does_not_outlive_its_token() {
    let guarded = Guarded::start_with(&["--open-metrics"]).await;
    let orchestrator = guarded.token("orchestrator", json!({})).await;
    let producer = guarded.token("producer", json!({})).await;
    let (_, engine) = guarded.register(&orchestrator, "dialogue").await;
    let event_id = guarded.enqueue(&producer, "dialogue").await;
    let reader = guarded.token("reader", json!({"name": "onlooker"})).await;
    let path = format!("/api/v1/events/{event_id}?include=payload&wait_seconds=30");
    let waiting = tokio::spawn(Reply::of(guarded.lab.request("GET", &path).bearer_auth(&reader)));
    guarded
        .lab
        .wait_for("the wait", async || (guarded.lab.metric("eventlease_event_waits_parked").await >= 1.0).then_some(()))
        .await;
    revoke(&guarded, "onlooker").await;
    let leased = guarded.lease_one(&engine, "dialogue").await;
    guarded.settle(&engine, &leased, json!({"status": "completed", "result": "secret"})).await.expect(200);
    let refused = waiting.await.expect("its end").problem(401, "unauthenticated");
    assert!(!refused.raw.contains("secret"), "{refused:?}");
}
