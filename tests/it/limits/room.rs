//! More connections than there is room for: whoever asks for something is let in before whoever does not.

use std::net::SocketAddr;

use sqlx::ConnectOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::connections::read_to_the_end;
use super::{connections_refused, is};
use crate::cli::program::{Program, command_through};
use crate::support::{Lab, PATIENCE};

/// Connects from one of this machine's addresses, of which 127.0.0.0/8 has many.
async fn connect_from(lab: &Lab, source: &str) -> TcpStream {
    let server: SocketAddr = lab.url.strip_prefix("http://").expect("a URL").parse().expect("an address");
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::new(source.parse().expect("an address"), 0)).expect("an address of this machine");
    timeout(PATIENCE, socket.connect(server)).await.expect("in time").expect("a connection")
}

async fn connect_many(lab: &Lab, source: &str, count: usize) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for _ in 0..count {
        streams.push(connect_from(lab, source).await);
    }
    streams
}

/// Sends a request, and reads the reply; the connection stays open. Where it is closed instead, that is an empty text.
async fn call(stream: &mut TcpStream, method_and_path: &str, body: &str) -> String {
    let headers = format!("host: test\r\ncontent-type: application/json\r\ncontent-length: {}\r\n", body.len());
    let request = format!("{method_and_path} HTTP/1.1\r\n{headers}\r\n{body}");
    if stream.write_all(request.as_bytes()).await.is_err() {
        return String::new();
    }
    let mut reply = Vec::new();
    let read = timeout(PATIENCE, async {
        loop {
            let mut some = [0; 4096];
            let Ok(count @ 1..) = stream.read(&mut some).await else { return String::new() };
            reply.extend_from_slice(&some[..count]);
            let text = String::from_utf8_lossy(&reply);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
            if body.len() >= length.parse().expect("a number") {
                return text.into_owned();
            }
        }
    });
    read.await.expect("a reply, or the end")
}

const QUEUES: &str = "GET /api/v1/queues";
const POLL: &str = "GET /api/v1/events/queue/dialogue?wait_seconds=30";
const OK: &str = "HTTP/1.1 200 OK\r\n";

/// What a new connection is answered.
async fn ask_from(lab: &Lab, source: &str, method_and_path: &str) -> String {
    call(&mut connect_from(lab, source).await, method_and_path, "").await
}

/// Has a connection wait for events.
async fn park(stream: &mut TcpStream, poll: &str) {
    let request = format!("{poll} HTTP/1.1\r\nhost: test\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
}

async fn assert_refused(lab: &Lab, source: &str) {
    let reply = ask_from(lab, source, QUEUES).await;
    assert!(reply.starts_with("HTTP/1.1 429 Too Many Requests\r\n"), "{reply}");
    for part in [
        "\r\ncontent-type: application/problem+json\r\n",
        "\r\nretry-after: ",
        "\r\nconnection: close\r\n",
        "\r\ncache-control: no-store\r\n",
        "\r\nx-content-type-options: nosniff\r\n",
        "\"code\":\"overloaded\"",
    ] {
        assert!(reply.contains(part), "{part:?} is missing: {reply}");
    }
}

async fn assert_health_is_answered(lab: &Lab, source: &str) {
    for check in ["GET /healthz", "GET /readyz", "HEAD /healthz"] {
        // No body comes with a reply to HEAD.
        let mut stream = connect_from(lab, source).await;
        let request = format!("{check} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let reply = read_to_the_end(&mut stream).await;
        assert!(reply.starts_with(OK), "{check} from {source}: {reply}");
    }
}

#[tokio::test]
async fn where_all_are_busy_a_connection_too_many_is_told_so_and_health_checks_are_answered() {
    let lab = Lab::start_with(&["--max-client-connections", "4", "--max-connections-of-address", "5"]).await;
    // The lab's own client would be another connection, idle or not.
    let mut own = connect_from(&lab, "127.0.0.1").await;
    let registered = call(&mut own, "POST /api/v1/engines", r#"{"engine_type":"dialogue"}"#).await;
    let (_, id) = registered.split_once("\"engine_id\":\"").expect("an engine");
    let engine = &id[..36];
    let mut parked = connect_many(&lab, "127.0.0.1", 3).await;
    for stream in &mut parked {
        park(stream, POLL).await;
    }
    while !call(&mut own, "GET /metrics", "").await.contains("eventlease_polls_parked 3\n") {}
    park(&mut own, &format!("{POLL}&engine_id={engine}")).await;
    lab.wait_for("the fourth poll", async || {
        let seen = "select exists (select from eventlease.engine_states where last_poll_at is not null)";
        sqlx::query_scalar::<_, bool>(seen).fetch_one(&lab.db).await.expect("an answer").then_some(())
    })
    .await;

    assert_refused(&lab, "127.0.0.1").await;
    assert_health_is_answered(&lab, "127.0.0.1").await;
    // A large body is read, so that the reply to it arrives.
    let mut large = connect_from(&lab, "127.0.0.1").await;
    let length = 1 << 20;
    let head = format!("POST /api/v1/events HTTP/1.1\r\nhost: test\r\ncontent-length: {length}\r\n\r\n");
    large.write_all(head.as_bytes()).await.expect("sent");
    large.write_all(&vec![b'x'; length]).await.expect("sent");
    assert!(read_to_the_end(&mut large).await.starts_with("HTTP/1.1 429 "));
    // Nor do those help that are refused, and say nothing.
    let silent = connect_many(&lab, "127.0.0.2", 100).await;
    assert_refused(&lab, "127.0.0.1").await;
    assert_health_is_answered(&lab, "127.0.0.1").await;
    assert_health_is_answered(&lab, "127.0.0.2").await;
    drop(silent);

    drop(parked.pop());
    lab.wait_for("room", async || ask_from(&lab, "127.0.0.1", QUEUES).await.starts_with(OK).then_some(())).await;
    drop((own, parked));
    lab.wait_for("room for the lab's client", async || {
        ask_from(&lab, "127.0.0.1", "GET /metrics").await.contains("eventlease_client_connections 1\n").then_some(())
    })
    .await;
    assert!(connections_refused(&lab, "connections").await >= 110.0);
    is(connections_refused(&lab, "evicted").await, 0.0);
}

#[tokio::test]
async fn silent_connections_keep_nobody_out() {
    let lab = Lab::start_with(&["--max-client-connections", "40"]).await;
    let silent = connect_many(&lab, "127.0.0.2", 60).await;
    let others = connect_many(&lab, "127.0.0.3", 60).await;
    for source in ["127.0.0.1", "127.0.0.2", "127.0.0.3"] {
        for _ in 0..30 {
            assert!(ask_from(&lab, source, QUEUES).await.starts_with(OK), "from {source}");
        }
        assert_health_is_answered(&lab, source).await;
    }
    is(connections_refused(&lab, "connections").await, 0.0);
    is(connections_refused(&lab, "connections_of_address").await, 0.0);
    assert!(connections_refused(&lab, "evicted").await >= 80.0);
    drop((silent, others));
}

#[tokio::test]
async fn nor_do_those_that_have_asked_once_or_do_not_finish_their_headers() {
    for kind in ["idle", "half-way"] {
        let limits =
            ["--max-client-connections", "20", "--header-timeout-seconds", "300", "--idle-timeout-seconds", "3600"];
        let lab = Lab::start_with(&limits).await;
        let mut held = Vec::new();
        for source in ["127.0.0.2", "127.0.0.3"] {
            for mut stream in connect_many(&lab, source, 10).await {
                if kind == "idle" {
                    assert!(call(&mut stream, "GET /healthz", "").await.starts_with(OK));
                } else {
                    stream.write_all(b"GET /healthz HTTP/1.1\r\nx: ").await.expect("sent");
                }
                held.push(stream);
            }
        }
        for source in ["127.0.0.1", "127.0.0.2"] {
            assert_health_is_answered(&lab, source).await;
            // They are left alone for a second.
            lab.wait_for(kind, async || ask_from(&lab, source, QUEUES).await.starts_with(OK).then_some(())).await;
        }
        assert!(connections_refused(&lab, "evicted").await >= 1.0, "{kind}");
    }
}

#[tokio::test]
async fn one_address_has_its_share_and_a_trusted_proxy_has_none() {
    let flags = ["--max-client-connections", "20", "--max-connections-of-address", "3", "--trusted-proxy", "127.0.0.4"];
    let lab = Lab::start_with(&flags).await;
    let mut greedy = connect_many(&lab, "127.0.0.2", 3).await;
    for stream in &mut greedy {
        park(stream, POLL).await;
    }
    lab.wait_for_parked_polls(3).await;
    assert_refused(&lab, "127.0.0.2").await;
    assert_health_is_answered(&lab, "127.0.0.2").await;
    is(connections_refused(&lab, "connections_of_address").await, 4.0);
    assert!(ask_from(&lab, "127.0.0.3", QUEUES).await.starts_with(OK));

    let mut of_proxy = connect_many(&lab, "127.0.0.4", 5).await;
    for stream in &mut of_proxy {
        park(stream, POLL).await;
    }
    lab.wait_for_parked_polls(8).await;
    assert!(ask_from(&lab, "127.0.0.4", QUEUES).await.starts_with(OK));
    is(connections_refused(&lab, "connections_of_address").await, 4.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_do_not_use_up_the_files_that_the_system_allows() {
    let lab = Lab::start().await;
    let database_url = lab.db.connect_options().to_url_lossy().to_string();
    let limited = ["sh", "-c", "ulimit -n 320; exec \"$@\"", "sh"];
    let flags = ["serve", "--listen", "127.0.0.1:0", "--database-url", &database_url];
    let mut program = Program::spawn(command_through(&limited, &flags));
    program.wait_until_it_listens();
    let server = program.url.strip_prefix("http://").expect("a URL").to_owned();
    let mut silent = Vec::new();
    for _ in 0..400 {
        silent.push(timeout(PATIENCE, TcpStream::connect(&server)).await.expect("in time").expect("a connection"));
    }
    for path in ["/healthz", "/readyz", "/api/v1/queues"] {
        lab.get(&format!("{}{path}", program.url)).await.expect(200);
    }
    program.signal("TERM");
    let ended = tokio::task::spawn_blocking(move || program.wait()).await.expect("no panic");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("fewer files may be open than connections are allowed"), "{ended:?}");
    assert!(!ended.stderr.contains("no connection can be taken in"), "{ended:?}");
}
