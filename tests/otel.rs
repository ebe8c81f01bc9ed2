//! The server's own spans, as a collector gets them. With the feature only: `cargo test --features otel --test otel`.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};
use private_postgres::{Durability, Options, PrivatePostgres};
use prost::Message;
use serde_json::{Value as Json, json};

const PATIENCE: Duration = Duration::from_mins(1);
const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT_ID: &str = "00f067aa0ba902b7";

/// A PostgreSQL of this test's own, since it is to be stopped too.
struct Database {
    postgres: Option<PrivatePostgres>,
    folder: std::path::PathBuf,
}

impl Database {
    fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("eventlease-otel-{}", uuid::Uuid::new_v4()));
        let options = Options { durability: Durability::Off, ..Options::new(&folder) };
        Self { postgres: Some(PrivatePostgres::start(&options).expect("PostgreSQL starts")), folder }
    }

    fn url(&self) -> String {
        self.postgres.as_ref().expect("it runs").url("postgres")
    }

    fn stop(&mut self) {
        self.postgres.take().expect("it runs").stop().expect("it ends");
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.postgres.take().map(PrivatePostgres::stop);
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// The program, with the variables of this test only.
struct Program {
    child: Child,
    url: String,
    errors: Option<JoinHandle<String>>,
}

impl Program {
    fn serve(database: &Database, variables: &[(&str, &str)]) -> Self {
        let url = database.url();
        let mut child = Command::new(env!("CARGO_BIN_EXE_eventlease"))
            .args(["serve", "--listen", "127.0.0.1:0", "--acquire-timeout-seconds", "1", "--database-url", &url])
            .env_clear()
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be started");
        let mut stderr = child.stderr.take().expect("piped");
        let errors = thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).map(|_| text).expect("UTF-8")
        });
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("UTF-8");
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("it says {line:?}")).to_owned();
        Self { child, url, errors: Some(errors) }
    }

    async fn enqueue(&self, client: &reqwest::Client, traceparent: Option<String>) -> u16 {
        let event = json!({"engine_type": "dialogue", "event_type": "dialogue.requested", "payload": {}});
        let mut request = client.post(format!("{}/api/v1/events", self.url)).json(&event);
        if let Some(traceparent) = traceparent {
            request = request.header("traceparent", traceparent);
        }
        request.send().await.expect("a reply").status().as_u16()
    }

    /// Ends it in order: what it said on standard error, and how long its end took.
    fn stop(mut self) -> (String, Duration) {
        let began = Instant::now();
        kill(Pid::from_raw(self.child.id().try_into().expect("a process id")), Signal::SIGTERM).expect("it runs");
        let status = self.child.wait().expect("it ends");
        let errors = self.errors.take().expect("taken once").join().expect("no panic");
        assert!(status.success(), "{status}: {errors}");
        (errors, began.elapsed())
    }
}

/// A test that fails leaves no server behind.
impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A collector: keeps what it is sent.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

impl Collector {
    async fn start(&self) -> String {
        let kept = self.clone();
        let receive = move |headers: HeaderMap, body: Bytes| async move {
            assert_eq!(headers["content-type"], "application/x-protobuf");
            let sent = ExportTraceServiceRequest::decode(body).expect("protobuf");
            kept.0.lock().expect("no panic").push(sent);
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(axum::serve(listener, Router::new().route("/v1/traces", post(receive))).into_future());
        url
    }

    fn spans(&self) -> Vec<Span> {
        let sent = self.0.lock().expect("no panic");
        let scopes = sent.iter().flat_map(|sent| &sent.resource_spans).flat_map(|resource| &resource.scope_spans);
        scopes.flat_map(|scope| scope.spans.clone()).collect()
    }

    fn resource(&self) -> Json {
        let sent = self.0.lock().expect("no panic");
        attributes(&sent[0].resource_spans[0].resource.as_ref().expect("a resource").attributes)
    }

    fn only(&self, name: &str, trace_id: &str) -> Span {
        let mut found = self.spans();
        found.retain(|span| span.name == name && (trace_id.is_empty() || hex(&span.trace_id) == trace_id));
        let names: Vec<String> = self.spans().into_iter().map(|span| span.name).collect();
        assert_eq!(found.len(), 1, "{name} of trace {trace_id:?} among {names:?}");
        found.remove(0)
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from_digit(digit.into(), 16).expect("a digit")).collect()
}

fn attributes(pairs: &[KeyValue]) -> Json {
    let value = |value: &Option<AnyValue>| match value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => json!(text),
        Some(Value::IntValue(number)) => json!(number),
        other => panic!("{other:?} is not expected"),
    };
    pairs.iter().map(|pair| (pair.key.clone(), value(&pair.value))).collect()
}

fn traceparent(trace_id: &str) -> String {
    format!("00-{trace_id}-{PARENT_ID}-01")
}

fn client() -> reqwest::Client {
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().expect("a client")
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_and_batches_are_spans_below_the_callers_and_go_out_at_the_latest_at_the_end() {
    let mut database = Database::start();
    let collector = Collector::default();
    let endpoint = collector.start().await;
    // So long a delay that only the end sends them.
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()), ("OTEL_BSP_SCHEDULE_DELAY", "600000")];
    let program = Program::serve(&database, &variables);
    let client = client();

    assert_eq!(program.enqueue(&client, Some(traceparent(TRACE_ID))).await, 201);
    let queue = format!("{}/api/v1/events/queue/dialogue", program.url);
    let leased = client.get(queue).send().await.expect("a reply");
    assert_eq!(leased.status(), 200);
    database.stop();
    let failing = TRACE_ID.replace('4', "5");
    assert_eq!(program.enqueue(&client, Some(traceparent(&failing))).await, 503);
    program.stop();

    let name = "POST /api/v1/events";
    let span = collector.only(name, TRACE_ID);
    assert_eq!((hex(&span.parent_span_id).as_str(), span.kind()), (PARENT_ID, SpanKind::Server));
    assert_eq!(
        attributes(&span.attributes),
        json!({
            "http.request.method": "POST", "http.route": "/api/v1/events", "http.response.status_code": 201,
            "url.path": "/api/v1/events", "url.scheme": "http",
        })
    );
    assert_eq!(span.status.clone().unwrap_or_default().code(), StatusCode::Unset);

    let failed = collector.only(name, &failing);
    let told = attributes(&failed.attributes);
    assert_eq!((&told["http.response.status_code"], &told["error.type"]), (&json!(503), &json!("503")));
    assert_eq!(failed.status.clone().unwrap_or_default().code(), StatusCode::Error);

    let poll = collector.only("GET /api/v1/events/queue/{engine_type}", "");
    assert_eq!(attributes(&poll.attributes)["url.path"], "/api/v1/events/queue/dialogue");
    assert!(poll.parent_span_id.is_empty(), "nobody called it with a trace");

    let links = |batch: &Span| batch.links.iter().any(|link| link.span_id == span.span_id);
    let batch = collector.spans().into_iter().find(links).expect("the batch is linked to its request");
    assert_eq!((batch.name.as_str(), attributes(&batch.attributes)), ("events", json!({"requests": 1, "rows": 1})));
    let looks = collector.spans().into_iter().filter(|span| span.name == "look");
    let leased = looks.map(|look| attributes(&look.attributes)["events"].clone()).find(|events| *events == json!(1));
    assert!(leased.is_some(), "the look that found the event");

    let resource = collector.resource();
    assert_eq!(resource["service.name"], "eventlease");
    assert_eq!(resource["service.version"], env!("CARGO_PKG_VERSION"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_not_there_is_said_once_and_hinders_nothing() {
    let database = Database::start();
    // Taken and given up again, so that nobody listens there.
    let address = std::net::TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a port");
    let endpoint = format!("http://{address}");
    let variables =
        [("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint.as_str()), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1")];
    let program = Program::serve(&database, &variables);
    let client = client();
    for _ in 0..20 {
        assert_eq!(program.enqueue(&client, None).await, 201);
    }
    let (errors, took) = program.stop();
    assert_eq!(errors.matches("spans cannot be sent").count(), 1, "{errors}");
    assert!(took < Duration::from_secs(20), "{took:?}");
}
