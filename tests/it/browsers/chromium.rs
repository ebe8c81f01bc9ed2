//! Pages in a real browser try to act on a server without authentication on loopback. It sends what browsers send today,
//! which headers made up for a test may not be.

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::refusals;
use crate::bad_input::Untouched;
use crate::support::chromium::{self, Chromium};
use crate::support::{Lab, PATIENCE};

/// A site of strangers; a name in a local network, which the server answers to; both lead to this machine.
const NAMES: [&str; 2] = ["evil.example", "lanhost"];

/// The server of the page, on a port of its own. What it has no path for it passes on to the lab with the browser's own
/// headers: so its page sees what it would see if the DNS of its name changed to the lab's address.
struct Site {
    port: u16,
    reports: mpsc::UnboundedReceiver<Value>,
    passed_on: Arc<Mutex<Vec<(String, u16)>>>,
}

#[derive(Clone)]
struct SiteState {
    lab: String,
    client: reqwest::Client,
    reports: mpsc::UnboundedSender<Value>,
    passed_on: Arc<Mutex<Vec<(String, u16)>>>,
}

impl Site {
    async fn start(lab: &Lab) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (sender, reports) = mpsc::unbounded_channel();
        let passed_on = Arc::new(Mutex::new(Vec::new()));
        let client = crate::support::client();
        let state = SiteState { lab: lab.url.clone(), client, reports: sender, passed_on: Arc::clone(&passed_on) };
        let router = Router::new()
            .route("/attack", get(|| async { Html(include_str!("attack.html")) }))
            .route("/form", get(form))
            .route("/report", post(report))
            .fallback(pass_on)
            .with_state(state);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { port, reports, passed_on }
    }

    async fn report(&mut self) -> Vec<Value> {
        let report =
            tokio::time::timeout(6 * PATIENCE, self.reports.recv()).await.expect("the page reports").expect("a page");
        report.as_array().expect("a list").clone()
    }

    fn passed_on(&self) -> Vec<(String, u16)> {
        self.passed_on.lock().expect("nothing panics with it").clone()
    }
}

/// Sends a form to the address of the query as soon as it is there, and leaves for it.
async fn form(request: Request) -> Html<String> {
    let action = request.uri().query().unwrap_or_default();
    Html(format!(
        "<!doctype html><form method=post action=\"{action}\"></form><script>document.forms[0].submit()</script>"
    ))
}

async fn report(State(site): State<SiteState>, body: String) -> StatusCode {
    site.reports.send(serde_json::from_str(&body).expect("JSON")).expect("the test listens");
    StatusCode::NO_CONTENT
}

/// Passes a request on; what stands below /eventlease/ without that, as a proxy that serves a path of its own does.
async fn pass_on(State(site): State<SiteState>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let asked = parts.uri.path_and_query().expect("a path").as_str().to_owned();
    let path = asked.strip_prefix("/eventlease").unwrap_or(&asked);
    let body = to_bytes(body, 1 << 20).await.expect("a body");
    let request = site.client.request(parts.method, format!("{}{path}", site.lab)).headers(parts.headers).body(body);
    let reply = request.send().await.expect("the lab answers");
    let (status, mut headers) = (reply.status(), reply.headers().clone());
    headers.remove(header::TRANSFER_ENCODING);
    site.passed_on.lock().expect("nothing panics with it").push((asked, status.as_u16()));
    let mut response = Body::from(reply.bytes().await.expect("a body")).into_response();
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// A lab with everything that a page could want to change: queued events, a run, an engine, a dead letter.
async fn lab_to_attack() -> (Lab, Value) {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let mut events = Vec::new();
    for _ in 0..3 {
        events.push(lab.enqueue("dialogue", json!({"scenario_run_id": "run-1"})).await);
    }
    (lab, json!({"events": events, "engine": engine}))
}

fn with_fragment(page: &str, mut more: Value, targets: &[&str]) -> String {
    more["targets"] = json!(targets);
    let text = more.to_string();
    let fragment = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC);
    format!("{page}#{fragment}")
}

/// Runs the page at `host` against targets, of which `{lab}` and `{site}` are the ports, and checks that nothing was done.
async fn assert_nothing_is_done(program: &Path, host: &str, targets: &[&str]) -> (Lab, Vec<Value>) {
    let (lab, more) = lab_to_attack().await;
    let mut site = Site::start(&lab).await;
    let port = lab.url.rsplit(':').next().expect("a port").to_owned();
    let targets: Vec<String> =
        targets.iter().map(|target| target.replace("{lab}", &port).replace("{site}", &site.port.to_string())).collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let untouched = Untouched::from_now_on(&lab).await;
    let page = with_fragment(&format!("http://{host}:{}/attack", site.port), more, &targets);
    let browser = Chromium::open(program, &NAMES, &[], &page);
    let seen = site.report().await;
    drop(browser);
    untouched.holds().await;
    assert_eq!(seen.len(), 20 * targets.len(), "{seen:#?}");
    untouched.and_the_server_serves().await;
    (lab, seen)
}

/// No attempt got a reply that the page could read.
#[track_caller]
fn assert_nothing_is_read(seen: &[Value]) {
    for attempt in seen {
        let result = attempt["result"].as_str().expect("a text");
        assert!(result.starts_with("error: ") || ["loaded", "not loaded", "opaque"].contains(&result), "{attempt}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_port_of_this_machine_does_nothing() {
    let Some(program) = chromium::find("a_page_of_another_port_of_this_machine_does_nothing") else { return };
    let (lab, seen) =
        assert_nothing_is_done(&program, "127.0.0.1", &["http://127.0.0.1:{lab}", "http://localhost:{lab}"]).await;
    assert_nothing_is_read(&seen);
    assert!(refusals(&lab, "cross_site_refused").await > 20.0);
    assert!(refusals(&lab, "not_for_browsers").await > 6.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_page_does_nothing() {
    let Some(program) = chromium::find("a_public_page_does_nothing") else { return };
    // Over plain HTTP the browser sends Sec-Fetch-Site to loopback addresses only, and Origin with no image.
    let targets = ["http://127.0.0.1:{lab}", "http://lanhost:{lab}", "http://evil.example:{lab}"];
    let (lab, seen) = assert_nothing_is_done(&program, "evil.example", &targets).await;
    assert_nothing_is_read(&seen);
    assert!(refusals(&lab, "cross_site_refused").await > 20.0);
    assert!(refusals(&lab, "not_for_browsers").await > 6.0);
    assert!(refusals(&lab, "host_not_allowed").await > 10.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_whose_name_is_pointed_at_the_server_does_nothing_and_reads_nothing() {
    let Some(program) = chromium::find("a_page_whose_name_is_pointed_at_the_server_does_nothing_and_reads_nothing")
    else {
        return;
    };
    let (lab, seen) = assert_nothing_is_done(&program, "evil.example", &["http://evil.example:{site}"]).await;
    // It reads every reply, as its own: what it reads is that nothing is said to it.
    let read = |name: &str| {
        let attempt = seen.iter().find(|attempt| attempt["name"].as_str().is_some_and(|other| other.starts_with(name)));
        attempt.expect("an attempt")["result"].as_str().expect("a text").to_owned()
    };
    for name in ["post without a body", "post with json", "the dashboard's header", "delete", "get"] {
        assert!(read(name).starts_with("421 ") && read(name).contains("host_not_allowed"), "{name}: {}", read(name));
    }
    assert!(refusals(&lab, "host_not_allowed").await > 15.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_a_page_leaves_for_does_nothing() {
    let Some(program) = chromium::find("a_form_that_a_page_leaves_for_does_nothing") else { return };
    for host in ["127.0.0.1", "evil.example"] {
        let (lab, _) = lab_to_attack().await;
        let site = Site::start(&lab).await;
        let untouched = Untouched::from_now_on(&lab).await;
        let action = format!("{}/api/v1/scenario-runs/run-1/cancel", lab.url);
        let page = format!("http://{host}:{}/form?{action}", site.port);
        let browser = Chromium::open(&program, &NAMES, &[], &page);
        let answered = async || {
            let metrics = lab.get("/metrics").await.expect(200).raw;
            let of_call = |line: &&str| {
                line.starts_with("eventlease_http_request_duration_seconds_count")
                    && line.contains("route=\"/api/v1/scenario-runs/{scenario_run_id}/cancel\"")
            };
            metrics.lines().find(of_call).map(str::to_owned)
        };
        let answered = lab.wait_for("the form's answer", answered).await;
        drop(browser);
        assert!(answered.contains("method=\"POST\"") && answered.contains("status=\"403\""), "{answered}");
        untouched.holds().await;
        untouched.and_the_server_serves().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documentation_is_shown_also_below_a_path_of_a_proxy() {
    let Some(program) = chromium::find("the_documentation_is_shown_also_below_a_path_of_a_proxy") else { return };
    let lab = Lab::start().await;
    for prefix in ["", "/eventlease"] {
        let site = Site::start(&lab).await;
        let page = format!("http://127.0.0.1:{}{prefix}/docs", site.port);
        let dump = ["--dump-dom", "--virtual-time-budget=30000"];
        let shown = Chromium::open(&program, &NAMES, &dump, &page).output().await;
        let passed_on = site.passed_on();
        for path in ["/docs", "/docs/style.css", "/docs/start.js", "/docs/redoc.standalone.js", "/api/v1/openapi.json"]
        {
            assert!(passed_on.contains(&(format!("{prefix}{path}"), 200)), "{path}: {passed_on:?}");
        }
        assert!(passed_on.iter().all(|(path, _)| path.starts_with(prefix)), "{passed_on:?}");
        // A summary of the document, and the server's address, which the viewer shows before each path.
        assert!(shown.contains("Leases due events to the calling engine"), "{}", &shown[..shown.len().min(2000)]);
        let server = format!("http://127.0.0.1:{}{prefix}</span>/api/v1/engines", site.port);
        assert!(shown.contains(&server), "{server} is not shown");
    }
}
