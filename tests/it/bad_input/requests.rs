//! What is no request of this service at all: broken JSON, other media, paths, methods, sizes.

use serde_json::json;

use super::Untouched;
use crate::support::{Lab, Reply, unknown_id};

/// All calls that take a body.
fn calls_with_a_body() -> Vec<(&'static str, String)> {
    let id = unknown_id();
    vec![
        ("POST", "/api/v1/engines".to_owned()),
        ("POST", format!("/api/v1/engines/{id}/heartbeat")),
        ("POST", format!("/api/v1/engines/{id}/drain")),
        ("POST", format!("/api/v1/engines/{id}/resume")),
        ("POST", "/api/v1/events".to_owned()),
        ("POST", "/api/v1/events/batch".to_owned()),
        ("PUT", format!("/api/v1/events/{id}/status")),
        ("POST", format!("/api/v1/dead-letters/{id}/redrive")),
    ]
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused() {
    let lab = Lab::start().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let broken: [&[u8]; 11] = [
        b"{",
        b"nonsense",
        b"{\"a\": 1,}",
        b"{'a': 1}",
        b"{\"a\": 01}",
        b"{\"a\": NaN}",
        b"{} {}",
        b"{\"a\": \"\xff\"}",
        b"{\"a\": \"line\nbreak\"}",
        b"   ",
        b"\0",
    ];
    for (method, path) in calls_with_a_body() {
        for body in broken {
            let request = lab.request(method, &path).header("content-type", "application/json").body(body);
            untouched.refuses(request, 400, "malformed_json").await;
        }
        let deep = "[".repeat(100_000);
        let request = lab.request(method, &path).header("content-type", "application/json").body(deep);
        untouched.refuses(request, 400, "malformed_json").await;
    }
    for (method, path) in [("POST", "/api/v1/events"), ("POST", "/api/v1/events/batch"), ("POST", "/api/v1/engines")] {
        untouched.refuses(lab.request(method, path), 400, "malformed_json").await;
    }
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn json_that_is_no_object_is_refused_as_a_whole() {
    let lab = Lab::start().await;
    let untouched = Untouched::from_now_on(&lab).await;
    for (method, path) in calls_with_a_body() {
        for body in ["[]", "5", "\"text\"", "true", "null", " null"] {
            untouched.names(method, &path, body, &[""]).await;
        }
    }
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn a_body_must_be_declared_as_json() {
    let lab = Lab::start().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let event = json!({"engine_type": "dialogue", "event_type": "asked", "payload": 1}).to_string();
    for (method, path) in calls_with_a_body() {
        let undeclared = lab.request(method, &path).body(event.clone());
        untouched.refuses(undeclared, 415, "unsupported_media_type").await;
        for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json", ""] {
            let request = lab.request(method, &path).header("content-type", media_type).body(event.clone());
            untouched.refuses(request, 415, "unsupported_media_type").await;
        }
    }
    untouched.and_the_server_serves().await;
    for media_type in ["application/json; charset=utf-8", "Application/JSON", "application/cloudevents+json"] {
        let request = lab.request("POST", "/api/v1/events").header("content-type", media_type).body(event.clone());
        Reply::of(request).await.expect(201);
    }
}

#[tokio::test]
async fn a_body_over_its_limit_is_refused_and_one_at_it_is_taken() {
    let lab = Lab::start_with(&["--max-body-bytes", "1000"]).await;
    let untouched = Untouched::from_now_on(&lab).await;
    let event = json!({"engine_type": "dialogue", "event_type": "asked", "payload": 1}).to_string();
    let of_bytes = |bytes: usize| format!("{event}{}", " ".repeat(bytes - event.len()));
    for (method, path) in calls_with_a_body() {
        let request = lab.request(method, &path).header("content-type", "application/json").body(of_bytes(1001));
        untouched.refuses(request, 413, "payload_too_large").await;
    }
    untouched.and_the_server_serves().await;
    lab.send_raw("POST", "/api/v1/events", of_bytes(1000)).await.expect(201);
}

#[tokio::test]
async fn unknown_paths_are_not_found() {
    let lab = Lab::start().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let paths = [
        "/api/v1",
        "/api/v1/",
        "/api/v1/event",
        "/api/v1/events/",
        "/api/v2/events",
        "/api/v1/events/queue/",
        "/api/v1/engines/x/y/z",
        "/api/v1/%2e%2e%2f%2e%2e%2fetc/passwd",
        "/%FF",
        "/favicon.ico",
    ];
    for path in paths {
        for method in ["GET", "POST", "DELETE", "BREW"] {
            untouched.refuses(lab.request(method, path), 404, "not_found").await;
        }
    }
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let lab = Lab::start().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let id = unknown_id();
    let allowed = [
        ("/healthz".to_owned(), "GET,HEAD"),
        ("/readyz".to_owned(), "GET,HEAD"),
        ("/metrics".to_owned(), "GET,HEAD"),
        ("/api/v1/openapi.json".to_owned(), "GET,HEAD"),
        ("/api/v1/engines".to_owned(), "POST,GET,HEAD"),
        (format!("/api/v1/engines/{id}"), "GET,HEAD,PATCH,DELETE"),
        (format!("/api/v1/engines/{id}/heartbeat"), "POST"),
        (format!("/api/v1/engines/{id}/drain"), "POST"),
        (format!("/api/v1/engines/{id}/resume"), "POST"),
        (format!("/api/v1/engines/{id}/leases"), "GET,HEAD"),
        ("/api/v1/events".to_owned(), "POST,GET,HEAD"),
        ("/api/v1/events/batch".to_owned(), "POST"),
        ("/api/v1/events/queue/dialogue".to_owned(), "GET"),
        (format!("/api/v1/events/{id}"), "GET,HEAD,PATCH"),
        (format!("/api/v1/events/{id}/payload"), "GET,HEAD"),
        (format!("/api/v1/events/{id}/attempts"), "GET,HEAD"),
        (format!("/api/v1/events/{id}/status"), "PUT"),
        ("/api/v1/dead-letters".to_owned(), "GET,HEAD"),
        (format!("/api/v1/dead-letters/{id}"), "GET,HEAD,DELETE"),
        (format!("/api/v1/dead-letters/{id}/redrive"), "POST"),
    ];
    let sorted = |methods: &str| {
        let mut methods: Vec<String> = methods.split(',').map(|method| method.trim().to_owned()).collect();
        methods.sort();
        methods
    };
    for (path, right) in allowed {
        let right = sorted(right);
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"] {
            // `/events/queue` and `/events/batch` look like events.
            if right.iter().any(|known| known == method)
                || (path.ends_with("/batch") && ["GET", "PATCH"].contains(&method))
            {
                continue;
            }
            let reply = untouched.refuses(lab.request(method, &path), 405, "method_not_allowed").await;
            assert_eq!(sorted(&reply.header("allow")), right, "{method} {path}");
        }
    }
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn an_event_that_is_asked_for_by_a_wrong_id_is_named() {
    let lab = Lab::start().await;
    lab.enqueue("dialogue", json!({})).await;
    let untouched = Untouched::from_now_on(&lab).await;
    for call in ["", "/attempts"] {
        for id in ["latest", "5", "%00", "0198c0de-0000-7000-8000-00000000000g"] {
            untouched.names_in("GET", &format!("/api/v1/events/{id}{call}?x=1"), &["event_id", "x"]).await;
        }
        let unknown = lab.request("GET", &format!("/api/v1/events/{}{call}", unknown_id()));
        untouched.refuses(unknown, 404, "event_not_found").await;
        let named = lab.request("GET", &format!("/api/v1/events/{}{call}", unknown_id())).header("x-engine-id", "me");
        assert_eq!(untouched.refuses(named, 422, "invalid_input").await.places(), ["X-Engine-Id"]);
    }
    untouched.names_in("GET", &format!("/api/v1/events/{}?include=all", unknown_id()), &["include"]).await;
    untouched.and_the_server_serves().await;
}

/// A caller cannot make the server hold and send many times what it received.
#[tokio::test]
async fn what_a_refusal_quotes_of_a_request_is_short() {
    let lab = Lab::start().await;
    let (name, value) = ("~".repeat(1 << 20), "\u{7f}".repeat(1 << 20));
    let path = format!("/api/v1/events/{}/status", unknown_id());
    let body = format!("{{\"lease_token\": \"{value}\", \"status\": \"{value}\", \"{name}\": 1, \"{name}\": 2}}");
    for (method, path, body) in [
        ("PUT", path.as_str(), body.clone()),
        ("PUT", "/api/v1/events/status", format!("{{\"settlements\": [{body}], \"{name}\": 1}}")),
        ("POST", "/api/v1/events/queue/dialogue/lease", body.clone()),
        ("POST", "/api/v1/events", body.clone()),
        ("POST", "/api/v1/engines", body.clone()),
        ("PATCH", "/api/v1/queues/dialogue", body.clone()),
        ("POST", "/api/v1/dead-letters/redrive", format!("{{\"filter\": {body}}}")),
    ] {
        let reply = lab.send_raw(method, path, body).await;
        assert!(reply.raw.len() < 20_000, "{method} {path}: {} bytes", reply.raw.len());
        assert!(reply.status == 422 || reply.status == 200, "{method} {path}: {}", reply.status);
    }
}
