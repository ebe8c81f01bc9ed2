//! Without authentication a name that strangers can point at the server (DNS rebinding) is no way in.

use serde_json::json;

use super::{operations, refusals, send};
use crate::bad_input::Untouched;
use crate::support::{Lab, Reply};
use crate::trust::Guarded;

/// Of this machine, of compose, of Kubernetes, and addresses.
const LOCAL: [&str; 19] = [
    "localhost",
    "LOCALHOST:8080",
    "localhost.",
    "127.0.0.1",
    "127.0.0.1:8080",
    "192.168.1.5:8080",
    "[::1]",
    "[::1]:8080",
    "[2001:db8::1]:8080",
    "[::ffff:127.0.0.1]",
    "eventlease",
    "eventlease_1:8080",
    "project-eventlease-1",
    "host.docker.internal:8080",
    "eventlease.localhost",
    "studio-pc.local",
    "eventlease.games.svc",
    "eventlease.games.svc.cluster.local",
    "eventlease-0.eventlease.games.svc.cluster.local.:8080",
];

const FOREIGN: [&str; 8] = [
    "evil.example",
    "evil.example:8080",
    "evil.example.",
    "127.0.0.1.nip.io",
    "localhost.evil.example",
    "svc.evil.example",
    "notlocal.notlocal",
    "queue.games.svc.k8s.example",
];

const ABSURD: [&str; 9] = [
    "a b",
    "localhost/",
    "me@localhost",
    "http://localhost",
    "localhost:x",
    "localhost:99999",
    "[::1",
    "*",
    "localhost, localhost",
];

#[tokio::test]
async fn local_names_and_addresses_are_answered_and_others_are_not() {
    let lab = Lab::start().await;
    let untouched = Untouched::from_now_on(&lab).await;
    for host in LOCAL {
        untouched.leaves(lab.request("GET", "/api/v1/queues").header("host", host)).await;
    }
    for host in FOREIGN.into_iter().chain(ABSURD) {
        untouched.refuses(lab.request("GET", "/api/v1/queues").header("host", host), 421, "host_not_allowed").await;
    }
    let refused = refusals(&lab, "host_not_allowed").await;
    assert!((refused - 17.0).abs() < f64::EPSILON, "{refused}");
    let told = lab.request("GET", "/healthz").header("host", "Queue.Example.com:80");
    let told = Reply::of(told).await.problem(421, "host_not_allowed").text("detail");
    assert!(told.contains("queue.example.com") && told.contains("--allowed-hosts"), "{told}");
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn every_call_asks_for_a_host_that_is_allowed() {
    let lab = Lab::start().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let operations = operations(&lab.get("/api/v1/openapi.json").await.expect(200).body);
    let others = ["/docs", "/docs/redoc.standalone.js", "/nowhere"].map(|path| ("GET".to_owned(), path.to_owned()));
    for (method, path) in operations.into_iter().chain(others) {
        // A page after rebinding: its own origin, as the browser sees it.
        let request = lab
            .request(&method, &path)
            .header("host", "evil.example:8080")
            .header("origin", "http://evil.example:8080")
            .header("x-forwarded-host", "localhost")
            .header("x-eventlease-dashboard", "1");
        Reply::of(request).await.problem(421, "host_not_allowed");
    }
    untouched.holds().await;
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn names_are_allowed_by_the_operator() {
    let lab = Lab::start_with(&["--allowed-hosts", "Queue.example.com:443,queue.games.svc.k8s.example"]).await;
    for host in ["queue.example.com", "QUEUE.example.com.:8080", "queue.games.svc.k8s.example:8080", "localhost"] {
        Reply::of(lab.request("GET", "/readyz").header("host", host)).await.expect(200);
    }
    for host in ["example.com", "other.queue.example.com", "queue.example.com.evil.example"] {
        let refused = lab.request("GET", "/readyz").header("host", host);
        Reply::of(refused).await.problem(421, "host_not_allowed");
    }
}

#[tokio::test]
async fn with_authentication_any_host_is_answered() {
    let guarded = Guarded::start().await;
    for host in FOREIGN.into_iter().chain(LOCAL) {
        Reply::of(guarded.lab.request("GET", "/readyz").header("host", host)).await.expect(200);
        let queues = guarded.lab.request("GET", "/api/v1/queues").header("host", host);
        Reply::of(queues).await.problem(401, "unauthenticated");
    }
    let no_host = send(&guarded.lab, "GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(no_host.starts_with("HTTP/1.0 200 "), "{no_host}");
}

#[tokio::test]
async fn a_host_that_is_missing_or_contradicted_is_refused() {
    let lab = Lab::start().await;
    lab.enqueue("dialogue", json!({})).await;
    let untouched = Untouched::from_now_on(&lab).await;
    let pause = |version: &str, target: &str, hosts: &[&str]| {
        let hosts = hosts.iter().map(|host| format!("Host: {host}\r\n")).collect::<Vec<_>>().concat();
        format!("POST {target} HTTP/{version}\r\n{hosts}content-length: 0\r\nconnection: close\r\n\r\n")
    };
    let path = "/api/v1/queues/dialogue/pause";
    for request in [
        pause("1.1", path, &[]),
        pause("1.1", path, &[""]),
        pause("1.1", path, &["localhost", "localhost"]),
        pause("1.1", path, &["localhost", "evil.example"]),
        pause("1.0", path, &["evil.example"]),
        pause("1.0", path, &["localhost", "evil.example"]),
        pause("1.1", &format!("http://evil.example{path}"), &["localhost"]),
        pause("1.1", &format!("http://localhost{path}"), &["evil.example"]),
        pause("1.1", &format!("http://localhost{path}"), &[]),
        pause("1.0", &format!("http://evil.example{path}"), &[]),
        pause("1.1", &format!("http://me@localhost{path}"), &["localhost"]),
    ] {
        let reply = send(&lab, &request).await;
        assert!(reply.contains(" 421 ") && reply.contains("\"host_not_allowed\""), "{request}{reply}");
    }
    untouched.holds().await;
    untouched.and_the_server_serves().await;

    // A load balancer's probe by HTTP/1.0 names no host; no browser speaks it.
    let probe = send(&lab, "GET /readyz HTTP/1.0\r\n\r\n").await;
    assert!(probe.starts_with("HTTP/1.0 200 "), "{probe}");
    let whole = send(&lab, &pause("1.1", &format!("http://localhost:8080{path}"), &["localhost:8080"])).await;
    assert!(whole.starts_with("HTTP/1.1 200 "), "{whole}");
}
