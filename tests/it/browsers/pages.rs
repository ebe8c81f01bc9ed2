//! What browsers say of the page that sends a request, and what becomes of it.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

use super::{operations, refusals, send};
use crate::bad_input::{Untouched, dump};
use crate::support::{Lab, Reply};
use crate::trust::Guarded;

/// What a page of another site has a browser send; programs send none of it.
const OTHER_SITES: [&[(&str, &str)]; 6] = [
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site"), ("x-eventlease-dashboard", "1")],
    &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")],
    &[("origin", "http://evil.example")],
    &[("origin", "null")],
    &[("origin", "http://127.0.0.1:1"), ("x-forwarded-host", "queue.example")],
];

const METHODS: [&str; 8] = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE"];

/// Paths beside those of the document, one that nothing has among them.
const PATHS: [&str; 8] = [
    "/",
    "/docs",
    "/docs/style.css",
    "/docs/redoc.standalone.js",
    "/metrics",
    "/healthz",
    "/readyz",
    "/api/v1/nowhere",
];

fn headers_of(headers: &[(&'static str, &'static str)]) -> HeaderMap {
    headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
}

async fn assert_refused(lab: &Lab, token: Option<&str>) {
    let document = lab.request("GET", "/api/v1/openapi.json").bearer_auth(token.unwrap_or("none"));
    let operations = operations(&Reply::of(document).await.expect(200).body);
    let others = PATHS.iter().flat_map(|path| METHODS.map(|method| (method.to_owned(), (*path).to_owned())));
    for (method, path) in operations.into_iter().chain(others) {
        for headers in OTHER_SITES {
            let mut request = lab.request(&method, &path).headers(headers_of(headers));
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            if ["POST", "PUT", "PATCH"].contains(&method.as_str()) {
                request = request.json(&json!({}));
            }
            let reply = Reply::of(request).await;
            // Where people begin: a link may lead there.
            let is_link = path == "/" && headers.iter().any(|(_, value)| *value == "document");
            if is_link && ["GET", "HEAD"].contains(&method.as_str()) {
                reply.expect(404);
                continue;
            }
            // The one GET that changes something says why no browser may send it.
            let is_lease = method == "GET" && path == "/api/v1/events/queue/dialogue";
            let code =
                if is_lease && headers[0].0 == "sec-fetch-site" { "not_for_browsers" } else { "cross_site_refused" };
            assert!(!reply.headers.keys().any(|name| name.as_str().starts_with("access-control-")), "{reply:?}");
            assert_eq!(reply.header("cross-origin-resource-policy"), "same-origin", "{method} {path}: {reply:?}");
            if method == "HEAD" {
                reply.expect(403);
            } else {
                assert_eq!(reply.body["code"], code, "{method} {path} {headers:?}: {reply:?}");
                reply.problem(403, code);
            }
        }
    }
}

/// An engine, an event of a run, and one that can be leased.
async fn fill(lab: &Lab) {
    lab.enqueue("dialogue", json!({"scenario_run_id": "run-1"})).await;
    lab.register("dialogue", json!({})).await;
}

#[tokio::test]
async fn every_call_refuses_pages_of_other_sites() {
    let lab = Lab::start().await;
    fill(&lab).await;
    let untouched = Untouched::from_now_on(&lab).await;
    assert_refused(&lab, None).await;
    untouched.holds().await;
    assert!(refusals(&lab, "cross_site_refused").await > 400.0);
    assert!(refusals(&lab, "not_for_browsers").await > 2.5);
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn every_call_refuses_them_with_a_good_token_too() {
    let guarded = Guarded::start_with(&["--open-docs", "--open-metrics"]).await;
    let before = dump(&guarded.lab.db).await;
    assert_refused(&guarded.lab, Some(&guarded.admin)).await;
    assert_refused(&guarded.lab, None).await;
    assert_eq!(dump(&guarded.lab.db).await, before);
    assert!(refusals(&guarded.lab, "cross_site_refused").await > 800.0);
}

#[tokio::test]
async fn pages_of_this_server_and_typed_addresses_are_served() {
    let lab = Lab::start_with(&["--trusted-proxy", "127.0.0.1"]).await;
    let own: [&[(&str, &str)]; 5] = [
        &[("sec-fetch-site", "same-origin"), ("user-agent", "Mozilla/5.0")],
        &[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate"), ("user-agent", "Mozilla/5.0")],
        &[("origin", "https://queue.example"), ("x-forwarded-host", "queue.example")],
        &[("origin", "https://queue.example"), ("host", "queue.internal"), ("x-eventlease-dashboard", "1")],
        &[("origin", "http://[::1]:8080"), ("host", "[::1]:8080")],
    ];
    for headers in own {
        for path in
            ["/docs", "/docs/redoc.standalone.js", "/api/v1/openapi.json", "/healthz", "/metrics", "/api/v1/queues"]
        {
            Reply::of(lab.request("GET", path).headers(headers_of(headers))).await.expect(200);
        }
        let event = json!({"engine_type": "dialogue", "event_type": "test.happened", "payload": {}});
        Reply::of(lab.request("POST", "/api/v1/events").headers(headers_of(headers)).json(&event)).await.expect(201);
    }
    // An origin is compared by host and port with what the request was sent to.
    let own = lab.request("POST", "/api/v1/queues/dialogue/pause").header("origin", &lab.url);
    Reply::of(own).await.expect(200);
    let other = lab.url.replace("127.0.0.1", "localhost");
    let other = lab.request("POST", "/api/v1/queues/dialogue/resume").header("origin", other);
    Reply::of(other).await.problem(403, "cross_site_refused");
}

#[tokio::test]
async fn a_preflight_is_never_granted() {
    let lab = Lab::start().await;
    let preflight = lab
        .request("OPTIONS", "/api/v1/events")
        .header("origin", "http://evil.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "x-eventlease-dashboard,content-type");
    let reply = Reply::of(preflight).await.problem(403, "cross_site_refused");
    assert!(!reply.headers.keys().any(|name| name.as_str().starts_with("access-control-")), "{reply:?}");
    // Without an Origin it is not a browser's; it is granted nothing either.
    let reply = Reply::of(lab.request("OPTIONS", "/api/v1/events")).await.problem(405, "method_not_allowed");
    assert!(!reply.headers.keys().any(|name| name.as_str().starts_with("access-control-")), "{reply:?}");
}

#[tokio::test]
async fn no_browser_leases_by_get_and_none_navigates_to_an_exchange() {
    let lab = Lab::start().await;
    fill(&lab).await;
    let untouched = Untouched::from_now_on(&lab).await;
    let path = "/api/v1/events/queue/dialogue";
    for agent in ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "mozilla/4.0"] {
        let request = lab.request("GET", path).header("user-agent", agent);
        untouched.refuses(request, 403, "not_for_browsers").await;
        let request = lab.request("GET", path).header("user-agent", agent).header("sec-fetch-site", "same-origin");
        untouched.refuses(request, 403, "not_for_browsers").await;
    }
    let path = "/api/v1/events/queue/dialogue/lease";
    untouched.refuses(lab.request("POST", path).header("sec-fetch-mode", "navigate"), 403, "not_for_browsers").await;
    untouched.refuses(lab.request("POST", path).header("sec-fetch-site", "same-site"), 403, "cross_site_refused").await;
    let engine = lab.request("GET", "/api/v1/events/queue/dialogue").header("user-agent", "python-requests/2.32.3");
    assert_eq!(Reply::of(engine).await.expect(200).body["events"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_refused_call_is_no_sign_of_life() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.broker().flush_liveness().await.expect("written");
    lab.sql("update eventlease.engine_states set last_seen_at = statement_timestamp() - interval '10 seconds'").await;
    let seen = async || -> String {
        lab.broker().flush_liveness().await.expect("written");
        let seen = "select last_seen_at::text || coalesce(last_poll_at::text, '') from eventlease.engine_states";
        sqlx::query_scalar(seen).fetch_one(&lab.db).await.expect("an engine")
    };
    let before = seen().await;
    for (method, path) in [("GET", "/api/v1/events/queue/dialogue"), ("POST", "/api/v1/events/queue/dialogue/lease")] {
        let refused = lab.request(method, path).header("x-engine-id", &engine).header("origin", "null");
        Reply::of(refused).await.problem(403, "cross_site_refused");
        let refused = lab.request(method, &format!("{path}?engine_id={engine}")).header("host", "evil.example");
        Reply::of(refused).await.problem(421, "host_not_allowed");
    }
    let heartbeat = lab.request("POST", &format!("/api/v1/engines/{engine}/heartbeat")).header("origin", "null");
    Reply::of(heartbeat.json(&json!({}))).await.problem(403, "cross_site_refused");
    assert_eq!(seen().await, before);
    lab.poll("dialogue", &engine, "").await.expect(200);
    assert_ne!(seen().await, before, "a call of the engine does not show, so that the test shows nothing");
}

#[tokio::test]
async fn a_body_is_not_waited_for() {
    let lab = Lab::start().await;
    // The server answers and closes although not a byte of the body has come.
    let head = "POST /api/v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\norigin: http://evil.example\r\n\
                content-type: application/json\r\ncontent-length: 1000000\r\nconnection: close\r\n\r\n";
    let reply = send(&lab, head).await;
    assert!(reply.starts_with("HTTP/1.1 403 ") && reply.contains("\"cross_site_refused\""), "{reply}");
}
