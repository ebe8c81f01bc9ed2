//! Bodies that are slow, large, many, or deep.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{is, refusals};
use crate::support::{Lab, PATIENCE};

/// A request whose body is announced and has only begun.
async fn begin(lab: &Lab, announced: usize, sent: usize) -> TcpStream {
    let mut stream = TcpStream::connect(lab.url.strip_prefix("http://").expect("a URL")).await.expect("a connection");
    let head = format!(
        "POST /api/v1/events HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: {announced}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream.write_all(&vec![b' '; sent]).await.expect("sent");
    stream
}

async fn reply(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    timeout(PATIENCE, async {
        let mut some = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut some).await {
            read.extend_from_slice(&some[..count]);
        }
    })
    .await
    .expect("the server closes it");
    String::from_utf8_lossy(&read).into_owned()
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let lab = Lab::start_with(&["--body-timeout-seconds", "1"]).await;
    let mut slow = begin(&lab, 100, 10).await;
    let answer = reply(&mut slow).await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"code\":\"request_timeout\""), "{answer}");
    is(refusals(&lab, "body_time").await, 1.0);
    is(lab.metric("eventlease_request_body_bytes").await, 0.0);
}

#[tokio::test]
async fn a_body_is_as_large_as_may_be() {
    let lab = Lab::start_with(&["--max-body-bytes", "200"]).await;
    let event = json!({"engine_type": "dialogue", "event_type": "test.happened", "payload": ""}).to_string();
    let fits = event.replace("\"\"", &format!("\"{}\"", "a".repeat(200 - event.len())));
    lab.send_raw("POST", "/api/v1/events", fits.clone()).await.expect(201);
    lab.send_raw("POST", "/api/v1/events", format!("{fits} ")).await.problem(413, "payload_too_large");
    is(refusals(&lab, "body_bytes").await, 1.0);
}

#[tokio::test]
async fn the_bodies_of_all_requests_together_have_a_limit() {
    let lab = Lab::start_with(&["--max-bodies-bytes", "100000"]).await;
    let held = begin(&lab, 90_000, 80_000).await;
    lab.wait_for("the body to be held", async || {
        (lab.metric("eventlease_request_body_bytes").await >= 80_000.0).then_some(())
    })
    .await;
    let event = |bytes: usize| json!({"engine_type": "dialogue", "event_type": "t", "payload": "a".repeat(bytes)});
    let refused = lab.post("/api/v1/events", &event(30_000)).await.problem(429, "overloaded");
    assert!((1..=5).contains(&refused.retry_after()), "{refused:?}");
    lab.post("/api/v1/events", &event(10_000)).await.expect(201);
    is(refusals(&lab, "bodies_bytes").await, 1.0);

    drop(held);
    lab.wait_for("the body to be let go", async || {
        (lab.metric("eventlease_request_body_bytes").await < 1.0).then_some(())
    })
    .await;
    lab.post("/api/v1/events", &event(30_000)).await.expect(201);
    // One that is alone is never one too many.
    lab.post("/api/v1/events", &event(200_000)).await.expect(201);
}

#[tokio::test]
async fn json_is_as_deep_as_may_be() {
    let lab = Lab::start_with(&["--max-json-depth", "3"]).await;
    let event = |payload: &str| format!(r#"{{"engine_type":"dialogue","event_type":"t","payload":{payload}}}"#);
    lab.send_raw("POST", "/api/v1/events", event("[[[]]]")).await.expect(201);
    let refused = lab.send_raw("POST", "/api/v1/events", event("[[[[]]]]")).await.problem(422, "invalid_input");
    assert_eq!(refused.places(), ["/payload"]);
    let batch = format!(r#"{{"events":[{},{}]}}"#, event("[[[[]]]]"), event("1"));
    lab.send_raw("POST", "/api/v1/events/batch", batch).await.expect(207);
    is(refusals(&lab, "json_depth").await, 2.0);
    // However deep, it is no danger to the stack.
    lab.send_raw("POST", "/api/v1/events", event(&"[".repeat(1 << 20))).await.problem(400, "malformed_json");
    let deep = format!("{}{}", "[".repeat(1 << 19), "]".repeat(1 << 19));
    lab.send_raw("POST", "/api/v1/events", event(&deep)).await.problem(422, "invalid_input");
}

#[tokio::test]
async fn a_body_of_nothing_but_mistakes_is_answered_shortly() {
    let lab = Lab::start().await;
    let members: Vec<String> = (0..20_000).map(|n| format!("\"m{n}\":0")).collect();
    let reply = lab.send_raw("POST", "/api/v1/events", format!("{{{}}}", members.join(","))).await;
    let reply = reply.problem(422, "invalid_input");
    assert!(reply.raw.contains("more than 10000 members"), "{reply:?}");

    let fewer = format!("{{{}}}", members[..9000].join(","));
    let reply = lab.send_raw("POST", "/api/v1/events", fewer).await.problem(422, "invalid_input");
    assert_eq!(reply.body["errors"].as_array().map(Vec::len), Some(200));

    let items = format!(r#"{{"events":[{}0]}}"#, "0,".repeat(2_000_000));
    let reply = lab.send_raw("POST", "/api/v1/events/batch", items).await.problem(422, "invalid_input");
    assert!(reply.raw.contains("has 2000001 items; at most 1000 are taken"), "{}", reply.raw);
}
