//! Replies that clients do not take.

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

use super::{is, refusals};
use crate::support::Lab;

const READING: &str = "eventlease_reply_bytes{kind=\"reading\"}";
const WORKING: &str = "eventlease_reply_bytes{kind=\"working\"}";
const LIST: &str = "/api/v1/events?include=payload&limit=4";

/// As large as a payload may be.
fn payload() -> Value {
    json!("x".repeat((1 << 20) - 2))
}

async fn enqueue(lab: &Lab, count: usize) {
    for _ in 0..count {
        lab.enqueue("dialogue", json!({"payload": payload()})).await;
    }
}

/// Asks for replies of 4 MiB, of which the system's buffers hold less than is asked for, and takes none.
async fn ask_and_take_nothing(lab: &Lab, path: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    let address = lab.url.strip_prefix("http://").expect("a URL").parse().expect("an address");
    let mut stream = socket.connect(address).await.expect("a connection");
    let ask = format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n");
    stream.write_all(ask.repeat(4).as_bytes()).await.expect("sent");
    stream
}

async fn wait_for_held(lab: &Lab, kind: &str) {
    lab.wait_for("a reply to be held", async || (lab.metric(kind).await >= 4_194_304.0).then_some(())).await;
}

#[tokio::test]
async fn lists_that_nobody_takes_are_bounded_in_all_and_refuse_nothing_but_lists() {
    // Less than two of the replies have.
    let lab = Lab::start_with(&["--max-replies-bytes", "5000000"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({"priority": 0})).await;
    enqueue(&lab, 8).await;
    // A reply that is alone is never one too many, and nothing stays counted of what was taken.
    lab.get(LIST).await.expect(200);
    lab.wait_for("nothing to be held", async || (lab.metric(READING).await < 1.0).then_some(())).await;

    let stuck = ask_and_take_nothing(&lab, LIST).await;
    wait_for_held(&lab, READING).await;
    let refused = lab.get(LIST).await.problem(429, "overloaded");
    assert!((1..=5).contains(&refused.retry_after()), "{refused:?}");
    is(refusals(&lab, "replies_bytes").await, 1.0);
    // The list that nobody takes is still the only one held.
    assert!(lab.metric(READING).await <= 5_000_000.0);

    // Small replies, and those to engines whatever their size, are sent.
    lab.get("/api/v1/events?limit=4").await.expect(200);
    assert_eq!(lab.event(&event_id).await["status"], "queued");
    lab.heartbeat(&engine, json!({})).await.expect(200);
    let polled = lab.poll("dialogue", &engine, "limit=4").await.expect(200);
    assert_eq!(polled.body["events"].as_array().map(Vec::len), Some(4));
    for leased in polled.body["events"].as_array().expect("events") {
        lab.settle(leased, "completed", json!({})).await.expect(200);
    }

    drop(stuck);
    lab.wait_for("the reply to be let go", async || (lab.metric(READING).await < 1.0).then_some(())).await;
    lab.get(LIST).await.expect(200);
}

#[tokio::test]
async fn leases_that_nobody_takes_are_bounded_in_all_and_go_back() {
    let lab = Lab::start_with(&["--max-replies-bytes", "5000000"]).await;
    enqueue(&lab, 12).await;
    let stuck = ask_and_take_nothing(&lab, "/api/v1/events/queue/dialogue?limit=4").await;
    wait_for_held(&lab, WORKING).await;
    // The second poll of that connection waits for the first one's reply to be taken.
    let engine = lab.register("dialogue", json!({})).await;
    lab.poll("dialogue", &engine, "limit=2").await.problem(429, "overloaded");
    is(refusals(&lab, "replies_bytes").await, 1.0);
    let report = lab.get(&format!("/api/v1/engines/{engine}")).await.expect(200);
    assert_eq!(report.body["leases_held"], 0, "{report:?}");
    // Lists are not kept back by it.
    lab.get(LIST).await.expect(200);

    drop(stuck);
    lab.wait_for("the reply to be let go", async || (lab.metric(WORKING).await < 1.0).then_some(())).await;
    let polled = lab.poll("dialogue", &engine, "limit=2").await.expect(200);
    let leased = polled.body["events"].as_array().expect("events");
    assert_eq!(leased.len(), 2);
    // Handing back spent nothing.
    assert!(leased.iter().all(|event| event["retries_left"] == 3 && event["losses_left"] == 3), "{polled:?}");
}
