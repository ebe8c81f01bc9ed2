//! Bodies that nobody reads: the refusal arrives whole although the client is still sending, and the client goes on.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::connections::PACE;
use super::{connections_refused, is, refusals};
use crate::support::{Lab, PATIENCE, Reply, unknown_id};
use crate::trust::Guarded;

const LARGE: usize = 2 << 20;
const SMALL: usize = 10_000;

async fn connect(lab: &Lab) -> TcpStream {
    TcpStream::connect(lab.url.strip_prefix("http://").expect("a URL")).await.expect("a connection")
}

/// Writes everything before it reads anything, as most clients do. Both must succeed to the end: a reset fails the test.
async fn write_then_read(lab: &Lab, bytes: &[u8]) -> String {
    let mut stream = connect(lab).await;
    timeout(PATIENCE, stream.write_all(bytes)).await.expect("in time").expect("everything can be sent");
    let mut reply = String::new();
    let read = timeout(PATIENCE, stream.read_to_string(&mut reply));
    read.await.expect("the server closes the connection").expect("a reply, and no reset");
    reply
}

/// Reads one reply whose length is declared; the connection stays open.
pub async fn read_reply(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    let whole = timeout(PATIENCE, async {
        loop {
            read.push(stream.read_u8().await.expect("a whole reply"));
            let text = String::from_utf8_lossy(&read);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().expect("a number")) {
                return text.into_owned();
            }
        }
    });
    whole.await.expect("a reply in time")
}

fn head(call: &str, headers: &str) -> String {
    format!("{call} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n{headers}\r\n")
}

fn with_body(call: &str, bytes: usize) -> Vec<u8> {
    let mut request = head(call, &format!("content-length: {bytes}\r\n")).into_bytes();
    request.resize(request.len() + bytes, b' ');
    request
}

#[track_caller]
fn assert_is_whole(reply: &str, status: u16, part: &str) {
    assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{reply}");
    assert!(reply.contains("\r\nconnection: close\r\n"), "{reply}");
    assert!(reply.contains(part) && reply.ends_with('}'), "{reply}");
}

#[tokio::test]
async fn a_client_that_keeps_its_connections_gets_every_refusal_of_a_large_body_and_goes_on() {
    let lab = Lab::start_with(&["--max-body-bytes", "1000000"]).await;
    let (event, engine) = (unknown_id(), unknown_id());
    let calls = [
        ("POST", "/api/v1/nowhere".to_owned(), "x", "x", 404, "not_found"),
        ("POST", "/api/v1/events".to_owned(), "x", "x", 413, "payload_too_large"),
        ("POST", "/api/v1/events".to_owned(), "content-type", "text/plain", 415, "unsupported_media_type"),
        ("POST", "/api/v1/events".to_owned(), "content-encoding", "br", 415, "unsupported_media_type"),
        ("POST", "/api/v1/events".to_owned(), "host", "example.org", 421, "host_not_allowed"),
        ("POST", "/api/v1/events".to_owned(), "sec-fetch-site", "cross-site", 403, "cross_site_refused"),
        ("PUT", "/api/v1/events".to_owned(), "x", "x", 405, "method_not_allowed"),
        ("GET", format!("/api/v1/events/{event}"), "x", "x", 404, "event_not_found"),
        ("DELETE", format!("/api/v1/engines/{engine}"), "x", "x", 404, "engine_not_found"),
    ];
    for _ in 0..20 {
        for (method, path, header, value, status, code) in &calls {
            let mut request = lab.request(method, path).body(vec![b' '; LARGE]);
            if *header != "content-type" {
                request = request.header("content-type", "application/json");
            }
            Reply::of(request.header(*header, *value)).await.problem(*status, code);
            lab.get("/healthz").await.expect(200);
        }
    }
    // What is answered without a look at the body is no refusal, and no different.
    let listed = Reply::of(lab.request("GET", "/api/v1/queues").body(vec![b' '; LARGE])).await.expect(200);
    assert_eq!(listed.header("connection"), "close");
    lab.get("/healthz").await.expect(200);
    is(refusals(&lab, "body_bytes").await, 20.0);
}

#[tokio::test]
async fn without_a_token_a_large_body_gets_its_answer_too() {
    let guarded = Guarded::start().await;
    for _ in 0..20 {
        let request = guarded.lab.request("POST", "/api/v1/events").body(vec![b' '; LARGE]);
        Reply::of(request).await.problem(401, "unauthenticated");
        guarded.lab.get("/healthz").await.expect(200);
    }
}

#[tokio::test]
async fn a_refusal_arrives_whole_although_the_client_sends_everything_before_it_reads() {
    let lab = Lab::start_with(&["--max-body-bytes", "1000000"]).await;
    let mut chunked = head("POST /api/v1/events", "transfer-encoding: chunked\r\n").into_bytes();
    for _ in 0..LARGE / 1000 {
        chunked.extend_from_slice(b"3e8\r\n");
        chunked.resize(chunked.len() + 1000, b' ');
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    // More is sent than declared: the rest is no request.
    let mut longer = with_body("POST /api/v1/nowhere", SMALL);
    longer.resize(longer.len() + LARGE, b'{');
    let beyond = with_body("POST /api/v1/events", 40 << 20);
    let endless_headers = format!("GET /healthz HTTP/1.1\r\nhost: test\r\nx: {}\r\n\r\n", "a".repeat(LARGE));
    for _ in 0..20 {
        let reply = write_then_read(&lab, &with_body("POST /api/v1/nowhere", LARGE)).await;
        assert_is_whole(&reply, 404, "\"code\":\"not_found\"");
        let reply = write_then_read(&lab, &with_body("PUT /api/v1/events", LARGE)).await;
        assert_is_whole(&reply, 405, "\"code\":\"method_not_allowed\"");
        let reply = write_then_read(&lab, &beyond).await;
        assert_is_whole(&reply, 413, "\"code\":\"payload_too_large\"");
        assert_is_whole(&write_then_read(&lab, &chunked).await, 413, "\"code\":\"payload_too_large\"");
        let replies = write_then_read(&lab, &longer).await;
        let (first, second) = replies.split_once("}HTTP/1.1 ").expect("two replies");
        assert!(first.starts_with("HTTP/1.1 404 ") && second.starts_with("400 "), "{replies}");
        assert!(write_then_read(&lab, endless_headers.as_bytes()).await.starts_with("HTTP/1.1 431 "));
    }
    is(lab.metric("eventlease_request_body_bytes").await, 0.0);
    is(refusals(&lab, "body_bytes").await, 40.0);
    // Connections are counted after their last reply.
    for limit in ["headers", "malformed"] {
        lab.wait_for(limit, async || (connections_refused(&lab, limit).await >= 20.0).then_some(())).await;
        is(connections_refused(&lab, limit).await, 20.0);
    }
}

#[tokio::test]
async fn a_refused_request_with_a_small_body_keeps_its_connection() {
    let lab = Lab::start().await;
    let mut stream = connect(&lab).await;
    for call in ["POST /api/v1/nowhere", "PUT /api/v1/events", "GET /api/v1/nowhere", "GET /healthz"] {
        let request = with_body(call, SMALL);
        // In two pieces, so that the body is not here yet when the request is read.
        let (begin, rest) = request.split_at(request.len() - SMALL / 2);
        stream.write_all(begin).await.expect("sent");
        stream.flush().await.expect("sent");
        stream.write_all(rest).await.expect("sent");
        let reply = read_reply(&mut stream).await;
        assert!(!reply.contains("connection: close"), "{call}: {reply}");
    }
    let mut chunked = head("POST /api/v1/nowhere", "transfer-encoding: chunked\r\n");
    chunked.push_str("3\r\nabc\r\n0\r\n\r\n");
    stream.write_all(chunked.as_bytes()).await.expect("sent");
    assert!(read_reply(&mut stream).await.starts_with("HTTP/1.1 404 "));
    stream.write_all(head("GET /healthz", "").as_bytes()).await.expect("sent");
    assert!(read_reply(&mut stream).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn nobody_is_told_to_send_a_body_that_will_be_refused() {
    let guarded = Guarded::start().await;
    let open = Lab::start().await;
    let waits = |bytes: usize| format!("expect: 100-continue\r\ncontent-length: {bytes}\r\n");
    let beyond = (16 << 20) + 1;
    let large_and_encoded = format!("content-encoding: br\r\n{}", waits(SMALL));
    let chunked = "expect: 100-continue\r\ntransfer-encoding: chunked\r\n";
    for (lab, call, headers, status) in [
        (&open, "POST /api/v1/events", waits(beyond), 413),
        (&open, "POST /api/v1/nowhere", waits(SMALL), 404),
        (&open, "PUT /api/v1/events", waits(SMALL), 405),
        (&open, "GET /api/v1/nowhere", waits(SMALL), 404),
        (&open, "POST /api/v1/events", large_and_encoded, 415),
        (&open, "POST /api/v1/events", format!("content-encoding: br\r\n{chunked}"), 415),
        (&open, "POST /api/v1/queues/dialogue/resume", format!("content-type: text/plain\r\n{chunked}"), 415),
        (&guarded.lab, "POST /api/v1/events", waits(SMALL), 401),
        (&guarded.lab, "POST /api/v1/events", waits(beyond), 401),
    ] {
        // The client waits for a word, and sends no body.
        let reply = write_then_read(lab, head(call, &headers).as_bytes()).await;
        assert_is_whole(&reply, status, "\"code\":");
        assert!(!reply.contains("100 Continue"), "{reply}");
    }
    // Whoever may send is told so.
    let event = json!({"engine_type": "dialogue", "event_type": "t", "payload": 1}).to_string();
    let mut stream = connect(&open).await;
    stream.write_all(head("POST /api/v1/events", &waits(event.len())).as_bytes()).await.expect("sent");
    assert_eq!(read_reply(&mut stream).await, "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(event.as_bytes()).await.expect("sent");
    assert!(read_reply(&mut stream).await.starts_with("HTTP/1.1 201 "));
}

#[tokio::test]
async fn a_client_that_never_stops_sending_is_cut_off() {
    let lab = Lab::start().await;
    let mut stream = connect(&lab).await;
    stream.write_all(head("POST /api/v1/nowhere", "transfer-encoding: chunked\r\n").as_bytes()).await.expect("sent");
    let piece = [b"10000\r\n".as_slice(), &vec![b' '; 0x10000], b"\r\n"].concat();
    let cut_off = timeout(PATIENCE, async { while stream.write_all(&piece).await.is_ok() {} });
    cut_off.await.expect("the server closes the connection");
    lab.wait_for("the connection to be gone", async || {
        // The lab's own is still there.
        ((lab.metric("eventlease_client_connections").await - 1.0).abs() < f64::EPSILON).then_some(())
    })
    .await;
}

/// A client that was refused, and sends on for longer than any test waits, byte by byte.
async fn trickle(lab: &Lab) -> JoinHandle<()> {
    let mut stream = connect(lab).await;
    stream.write_all(head("POST /api/v1/nowhere", "content-length: 2000000\r\n").as_bytes()).await.expect("sent");
    assert_is_whole(&read_reply(&mut stream).await, 404, "\"code\":\"not_found\"");
    tokio::spawn(async move {
        while stream.write_all(b" ").await.is_ok() {
            sleep(PACE).await;
        }
    })
}

#[tokio::test]
async fn a_client_that_does_not_finish_a_refused_body_does_not_hold_up_a_stop() {
    let mut lab = Lab::start().await;
    let trickle = trickle(&lab).await;
    timeout(PATIENCE, lab.stop()).await.expect("the server stops");
    timeout(PATIENCE, trickle).await.expect("it is cut off").expect("no panic");
}

#[tokio::test]
async fn clients_that_do_not_finish_refused_bodies_keep_nobody_out() {
    let lab = Lab::start_with(&["--max-client-connections", "2", "--max-connections-of-address", "2"]).await;
    let trickles = [trickle(&lab).await, trickle(&lab).await];
    lab.wait_for("room", async || (lab.get("/api/v1/queues").await.status == 200).then_some(())).await;
    for trickle in trickles {
        trickle.abort();
    }
}

/// hyper notices that a client has hung up only when it has read all that the client sent before.
#[tokio::test]
async fn a_poll_with_a_small_body_ends_when_its_caller_hangs_up() {
    let lab = Lab::start().await;
    let mut stream = connect(&lab).await;
    let call = "GET /api/v1/events/queue/dialogue?wait_seconds=30";
    stream.write_all(&with_body(call, SMALL)).await.expect("sent");
    lab.wait_for_parked_polls(1).await;
    drop(stream);
    lab.wait_for_parked_polls(0).await;
}

#[tokio::test]
async fn a_call_that_waits_holds_no_body() {
    let lab = Lab::start().await;
    let mut stream = connect(&lab).await;
    let body = r#"{"wait_seconds": 30}"#.to_owned() + &" ".repeat(SMALL);
    let request = head("POST /api/v1/events/queue/dialogue/lease", &format!("content-length: {}\r\n", body.len()));
    stream.write_all((request + &body).as_bytes()).await.expect("sent");
    lab.wait_for_parked_polls(1).await;
    is(lab.metric("eventlease_request_body_bytes").await, 0.0);
}

#[tokio::test]
async fn a_body_counts_until_the_last_of_it_is_stored_also_when_its_caller_is_gone() {
    const BYTES: usize = 500_000;
    let lab = Lab::start().await;
    let event = json!({"engine_type": "dialogue", "event_type": "t", "payload": "a".repeat(BYTES)}).to_string();
    lab.enqueue("dialogue", json!({})).await;
    let mut blocker = lab.db.begin().await.expect("a transaction");
    sqlx::query("lock table eventlease.events in access exclusive mode").execute(&mut *blocker).await.expect("locked");
    let mut stream = connect(&lab).await;
    let request = head("POST /api/v1/events", &format!("content-length: {}\r\n", event.len())) + &event;
    stream.write_all(request.as_bytes()).await.expect("sent");
    lab.wait_for_a_blocked_server().await;
    drop(stream);
    lab.wait_for("the connection to be gone", async || {
        ((lab.metric("eventlease_client_connections").await - 1.0).abs() < f64::EPSILON).then_some(())
    })
    .await;
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let expected = event.len() as f64;
    is(lab.metric("eventlease_request_body_bytes").await, expected);
    blocker.rollback().await.expect("unlocked");
    lab.wait_for("the body to be let go", async || {
        (lab.metric("eventlease_request_body_bytes").await < 1.0).then_some(())
    })
    .await;
}
