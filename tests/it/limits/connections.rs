//! Connections that take the server's time or memory without asking for anything.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::{connections_refused, is};
use crate::support::{Lab, PATIENCE};

/// How slow a slow client is: a byte each.
pub const PACE: Duration = Duration::from_millis(20);

async fn connect(lab: &Lab) -> TcpStream {
    TcpStream::connect(lab.url.strip_prefix("http://").expect("a URL")).await.expect("a connection")
}

/// Sends bytes, and reads what comes until the server closes.
async fn sent(lab: &Lab, bytes: &str) -> String {
    let mut stream = connect(lab).await;
    stream.write_all(bytes.as_bytes()).await.expect("sent");
    read_to_the_end(&mut stream).await
}

/// A connection that is reset has come to its end too.
pub async fn read_to_the_end(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    let ended = timeout(PATIENCE, async {
        let mut some = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut some).await {
            read.extend_from_slice(&some[..count]);
        }
    });
    ended.await.expect("the server closes the connection");
    String::from_utf8_lossy(&read).into_owned()
}

const ASK: &str = "GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n";

/// Asks on a connection that stays open.
async fn ask(stream: &mut TcpStream) -> String {
    stream.write_all(ASK.as_bytes()).await.expect("sent");
    let mut read = Vec::new();
    while !read.ends_with(b"}") {
        let mut some = [0; 4096];
        let count = timeout(PATIENCE, stream.read(&mut some)).await.expect("in time").expect("a reply");
        assert!(count > 0, "closed after {:?}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&some[..count]);
    }
    String::from_utf8(read).expect("text")
}

#[tokio::test]
async fn headers_are_as_many_and_as_large_as_may_be() {
    let lab = Lab::start_with(&["--max-request-headers", "10", "--max-header-bytes", "8192"]).await;
    let with_headers = |count: usize, bytes: usize| {
        let headers: Vec<String> = (0..count).map(|n| format!("x-{n}: {}\r\n", "a".repeat(bytes))).collect();
        format!("GET /healthz HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{}\r\n", headers.concat())
    };
    assert!(sent(&lab, &with_headers(8, 1)).await.starts_with("HTTP/1.1 200 "));
    assert!(sent(&lab, &with_headers(9, 1)).await.starts_with("HTTP/1.1 431 "));
    assert!(sent(&lab, &with_headers(1, 8000)).await.starts_with("HTTP/1.1 200 "));
    // Without an end, so that nothing is left unread when the server closes.
    let endless = format!("GET /healthz HTTP/1.1\r\nx: {}", "a".repeat(8192));
    assert!(sent(&lab, &endless).await.starts_with("HTTP/1.1 431 "));
    is(connections_refused(&lab, "headers").await, 2.0);

    assert!(sent(&lab, "GARBAGE\r\n\r\n").await.starts_with("HTTP/1.1 400 "));
    is(connections_refused(&lab, "malformed").await, 1.0);
}

#[tokio::test]
async fn a_request_of_as_many_headers_as_by_default_is_taken_and_one_more_is_not() {
    let lab = Lab::start().await;
    let with_headers = |count: usize| {
        let headers = (0..count).map(|n| format!("x-{n}: a\r\n")).collect::<Vec<_>>().concat();
        format!("GET /healthz HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{headers}\r\n")
    };
    assert!(sent(&lab, &with_headers(98)).await.starts_with("HTTP/1.1 200 "));
    assert!(sent(&lab, &with_headers(99)).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn headers_that_do_not_come_to_an_end_are_not_waited_for_however_they_trickle() {
    let lab = Lab::start_with(&["--header-timeout-seconds", "1", "--idle-timeout-seconds", "3600"]).await;
    let started = Instant::now();
    // A beginning; a beginning after a request that was answered; and one that never stops.
    let mut begun = connect(&lab).await;
    begun.write_all(b"GET /healthz HTTP/1.1\r\nx: y\r\n").await.expect("sent");
    let mut again = connect(&lab).await;
    ask(&mut again).await;
    again.write_all(b"GET /healthz HT").await.expect("sent");
    let (mut from_trickling, mut to_trickling) = connect(&lab).await.into_split();
    let trickle = tokio::spawn(async move {
        let mut bytes = b"GET /healthz HTTP/1.1\r\nx: ".iter().chain(std::iter::repeat(&b'a'));
        while to_trickling.write_all(&[*bytes.next().expect("endless")]).await.is_ok() {
            sleep(PACE).await;
        }
    });
    for stream in [&mut begun, &mut again] {
        assert_eq!(read_to_the_end(stream).await, "");
    }
    let mut end = Vec::new();
    timeout(PATIENCE, from_trickling.read_to_end(&mut end)).await.expect("the server closes it").ok();
    timeout(PATIENCE, trickle).await.expect("it ends").expect("no panic");
    assert!(started.elapsed() >= Duration::from_secs(1), "closed too early");
    lab.wait_for("three refusals", async || (connections_refused(&lab, "header_time").await >= 3.0).then_some(()))
        .await;
    is(connections_refused(&lab, "idle_time").await, 0.0);
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_one_whose_request_waits_is_not() {
    let lab = Lab::start_with(&["--idle-timeout-seconds", "1", "--header-timeout-seconds", "1"]).await;
    let mut parked = connect(&lab).await;
    let poll = "GET /api/v1/events/queue/dialogue?wait_seconds=3 HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";
    parked.write_all(poll.as_bytes()).await.expect("sent");
    // Opened ahead, for a request that does not come.
    let mut ahead = connect(&lab).await;
    let mut idle = connect(&lab).await;
    for _ in 0..3 {
        ask(&mut idle).await;
    }
    assert_eq!(read_to_the_end(&mut idle).await, "");
    assert_eq!(read_to_the_end(&mut ahead).await, "");
    is(connections_refused(&lab, "idle_time").await, 2.0);
    // It waited longer than the two limits.
    let answer = read_to_the_end(&mut parked).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"events\":[]"), "{answer}");
    is(connections_refused(&lab, "header_time").await, 0.0);
}

#[tokio::test]
async fn who_does_not_read_the_reply_is_not_waited_for() {
    let lab = Lab::start_with(&["--reply-timeout-seconds", "1", "--idle-timeout-seconds", "3600"]).await;
    let (mut stream, mut reader) = (connect(&lab).await, connect(&lab).await);
    ask(&mut reader).await;
    // So many replies of the whole document that no buffer on the way holds them.
    let request = "GET /api/v1/openapi.json HTTP/1.1\r\nhost: test\r\n\r\n";
    let writing = tokio::spawn(async move {
        for _ in 0..200 {
            if stream.write_all(request.as_bytes()).await.is_err() {
                break;
            }
        }
        stream
    });
    lab.wait_for("the connection to be closed", async || {
        (connections_refused(&lab, "reply_time").await >= 1.0).then_some(())
    })
    .await;
    drop(timeout(PATIENCE, writing).await.expect("it ends"));
    // A client that took its reply may stay for longer than a reply may take.
    ask(&mut reader).await;
    is(connections_refused(&lab, "reply_time").await, 1.0);
}

#[tokio::test]
async fn a_client_that_reads_byte_by_byte_is_not_waited_for_longer() {
    let lab = Lab::start_with(&["--reply-timeout-seconds", "1", "--idle-timeout-seconds", "3600"]).await;
    let (mut from_server, mut to_server) = connect(&lab).await.into_split();
    let ask = "GET /api/v1/openapi.json HTTP/1.1\r\nhost: test\r\n\r\n".repeat(200);
    let asking = tokio::spawn(async move { to_server.write_all(ask.as_bytes()).await });
    let reading = tokio::spawn(async move {
        let mut byte = [0];
        while let Ok(1) = from_server.read(&mut byte).await {
            sleep(PACE).await;
        }
    });
    lab.wait_for("the connection to be closed", async || {
        (connections_refused(&lab, "reply_time").await >= 1.0).then_some(())
    })
    .await;
    reading.abort();
    timeout(PATIENCE, asking).await.expect("it ends").expect("no panic").ok();
}

#[tokio::test]
async fn a_stopping_server_closes_idle_connections_and_waits_for_no_headers() {
    let mut lab = Lab::start_with(&["--header-timeout-seconds", "2"]).await;
    let (mut idle, mut fresh, mut begun) = (connect(&lab).await, connect(&lab).await, connect(&lab).await);
    ask(&mut idle).await;
    ask(&mut begun).await;
    begun.write_all(b"GET /heal").await.expect("sent");
    let started = Instant::now();
    lab.stop().await;
    assert!(started.elapsed() < PATIENCE, "it waited for {:?}", started.elapsed());
    for stream in [&mut idle, &mut fresh, &mut begun] {
        assert_eq!(read_to_the_end(stream).await, "");
    }
}
