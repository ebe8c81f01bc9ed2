//! Spoilt requests through the real router, without a database: nothing that a client sends may make a handler panic
//! or answer 500. What is read without a complaint goes as far as the database, which is not there: 503.
//!
//! A few seconds of it are a test like any other, with a seed that never changes. `make fuzz MINUTES=10` goes on for so
//! long, from a seed that it prints: `EVENTLEASE_FUZZ_SEED` replays it.

mod requests;
mod spoiling;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode};
use eventlease::broker::{Broker, Coalescing, Settings, Size};
use eventlease::config::ForwardedHeader;
use eventlease::dispatch;
use eventlease::domain::lane::SuspectIsolation;
use eventlease::http::{self, Access, AccessSettings, ApiParts, InstallationSettings, Limits};
use eventlease::metrics::Metrics;
use eventlease::store::leases::LeaseDefaults;
use eventlease::store::pool::{PoolLimits, Pools, connect_lazily};
use eventlease::supervisor::Supervisor;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use requests::{Good, good_requests};
use spoiling::{Spoil, request, spoilt};

/// In `cargo test`.
const QUICK_CASES: u32 = 4000;
const QUICK_SEED: u64 = 1;
/// Of one seed; the next batch has the next one.
const BATCH: u32 = 5000;
/// No request waits here for anything but the database, which is given up at once.
const PATIENCE: Duration = Duration::from_mins(1);

/// The ways in: who is believed when it speaks for another address, and whether a token is asked for, of which none is
/// known.
const DOORS: [(ForwardedHeader, bool); 3] =
    [(ForwardedHeader::XForwardedFor, false), (ForwardedHeader::Forwarded, false), (ForwardedHeader::Forwarded, true)];

fn router((forwarded_header, is_auth_required): (ForwardedHeader, bool)) -> Router {
    let limits = PoolLimits {
        max_connections: 4,
        acquire_timeout: Duration::from_millis(1),
        statement_timeout: Duration::from_secs(1),
    };
    let url = "postgres://nobody@localhost/nothing?host=/nonexistent".parse().expect("a URL");
    let pool = || connect_lazily(&url, limits).expect("an address");
    let pools = Pools { working: pool(), reading: pool() };
    let metrics = Arc::new(Metrics::new(100));
    let settings = Settings {
        dispatch: dispatch::Settings {
            lease_defaults: LeaseDefaults { visibility_timeout_seconds: 300, max_lease_seconds: 43_200 },
            default_limit: 3,
            max_rows: 1000,
            recheck: Duration::from_millis(500),
            max_polls_of_engine: 100,
            max_waiting: 1000,
            call_timeout: PATIENCE,
        },
        grace_seconds: 45,
        suspect_isolation: SuspectIsolation::default(),
        history_hours: 0,
        retention_days: 7,
        audit_retention_days: 7,
        issues_engine_tokens: is_auth_required,
        max_dynamic_state_bytes: 4 << 10,
        max_payload_bytes: 16 << 10,
        max_json_depth: 64,
        coalescing: Coalescing { max_rows: 1000, max_waiting: Size { rows: 10_000, bytes: 64 << 20 } },
        max_queues: 100,
        max_new_queues_per_hour: 1_000_000,
        max_new_engines_per_hour: 1_000_000,
        max_event_types: 100,
    };
    let (supervisor, stop) = (Supervisor::new(Arc::clone(&metrics)), CancellationToken::new());
    let broker = Arc::new(Broker::new(pools, Arc::clone(&metrics), supervisor.clone(), settings, stop.clone()));
    // Requests are answered by these; nothing else of the background work is needed.
    broker.start_batches(&stop);
    broker.start_serving(&stop);
    let limits = Limits {
        max_body_bytes: 64 << 10,
        max_payload_bytes: 16 << 10,
        max_detail_bytes: 4 << 10,
        max_json_depth: 64,
        max_bodies_bytes: 64 << 20,
        max_replies_bytes: 64 << 20,
        body_timeout: PATIENCE,
        call_timeout: PATIENCE,
        default_visibility_timeout_seconds: 300,
        default_max_lease_seconds: 43_200,
        default_lease_limit: 3,
        heartbeat_timeout_seconds: 45,
        are_lease_tokens_optional: true,
    };
    let settings = AccessSettings {
        is_auth_required,
        are_metrics_open: true,
        are_docs_open: true,
        trusted_proxies: vec!["127.0.0.0/8".parse().expect("a network")],
        forwarded_header,
        max_failed_attempts_per_minute: 10,
        allowed_hosts: Vec::new(),
    };
    let access = Access::new(settings, http::document());
    let installation = InstallationSettings {
        is_dashboard_served: true,
        name: None,
        retention_days: 7,
        audit_retention_days: 7,
        history_hours: 0,
    };
    let stop_announced = CancellationToken::new();
    http::router(ApiParts { broker, metrics, supervisor, limits, installation, access, stop_announced })
}

/// Answers that a request may get where there is no database.
fn is_fair(status: StatusCode) -> bool {
    status.is_success() || status.is_client_error() || status == StatusCode::SERVICE_UNAVAILABLE
}

struct Fuzz {
    runtime: Runtime,
    routers: Vec<Router>,
    good: Vec<Good>,
    /// How often each status was answered.
    statuses: Mutex<BTreeMap<u16, u64>>,
}

impl Fuzz {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let routers = runtime.block_on(async { DOORS.map(router).to_vec() });
        Self { runtime, routers, good: good_requests(), statuses: Mutex::default() }
    }

    fn answer(&self, door: usize, mut request: Request<Body>) -> StatusCode {
        let peer = ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1)));
        request.extensions_mut().insert(peer);
        let router = self.routers[door].clone();
        let answered = async { tokio::time::timeout(PATIENCE, router.oneshot(request)).await };
        let reply = self.runtime.block_on(answered).expect("an answer in good time");
        reply.expect("the router has no errors").status()
    }

    fn check(&self, door: usize, good: &Good, spoils: &[Spoil]) -> Result<(), TestCaseError> {
        let Some(request) = request(good, spoils) else { return Ok(()) };
        let sent = format!("{request:?}");
        let status = self.answer(door, request);
        *self.statuses.lock().expect("nothing panics with it").entry(status.as_u16()).or_default() += 1;
        if is_fair(status) { Ok(()) } else { Err(TestCaseError::fail(format!("{status} to {sent}"))) }
    }

    fn run(&self, seed: u64, cases: u32) {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let config = Config { cases, failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
        let ran = runner.run(&(spoilt(&self.good), select(vec![0, 0, 0, 1, 1, 1, 2])), |((good, spoils), door)| {
            self.check(door, &good, &spoils)
        });
        match ran {
            Ok(()) => {}
            Err(TestError::Fail(why, ((good, spoils), door))) => {
                panic!("{why}\ndoor {door}\n{good:?}\n{spoils:?}\nreplay with EVENTLEASE_FUZZ_SEED={seed}")
            }
            Err(TestError::Abort(why)) => panic!("{why}"),
        }
    }

    fn count(&self, status: u16) -> u64 {
        self.statuses.lock().expect("nothing panics with it").get(&status).copied().unwrap_or(0)
    }
}

#[test]
fn no_spoilt_request_makes_a_handler_panic() {
    let fuzz = Fuzz::new();
    fuzz.run(QUICK_SEED, QUICK_CASES);
    println!("{:?}", fuzz.statuses);
    // Spoilt enough to be refused for every reason there is, and seldom enough to be read to the end.
    for status in [400, 401, 404, 405, 415, 422, 503] {
        assert!(fuzz.count(status) > u64::from(QUICK_CASES) / 600, "{status} is rare: {:?}", fuzz.statuses);
    }
}

/// Else the spoilt ones would be refused for what is wrong with all of them.
#[test]
fn the_good_requests_are_good() {
    let fuzz = Fuzz::new();
    for good in &fuzz.good {
        let has_cursor = good.query.iter().any(|(name, _)| *name == "cursor");
        let status = fuzz.answer(0, request(good, &[]).expect("a request"));
        let expected: &[u16] = match good.operation {
            // Without authentication there are no sessions, and the database is not asked.
            "/api/v1/session" if good.method == Method::DELETE => &[404],
            "/healthz" | "/metrics" | "/api/v1/openapi.json" | "/api/v1/server" | "/api/v1/session" => &[200],
            // Nobody is asked for a token at this door, so none are made.
            "/api/v1/tokens" | "/api/v1/tokens/{token_id}" if good.method != Method::GET => &[403],
            // The cursor is not one of the server's own.
            _ if has_cursor => &[422, 503],
            // Every entry has an answer of its own.
            "/api/v1/events/status" => &[200, 503],
            _ => &[503],
        };
        assert!(expected.contains(&status.as_u16()), "{status} to {good:?}");
    }
}

#[test]
fn every_operation_has_a_good_request() {
    let document = serde_json::to_value(http::document()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let documented: BTreeSet<(String, String)> = paths
        .iter()
        .flat_map(|(path, item)| {
            let methods =
                ["get", "put", "post", "delete", "patch"].into_iter().filter(|method| item.get(method).is_some());
            methods.map(|method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    let known: BTreeSet<(String, String)> =
        good_requests().iter().map(|good| (good.method.to_string(), good.operation.to_owned())).collect();
    assert_eq!(documented, known);
}

/// Run by `make fuzz`: not a test, for it ends by the clock.
#[test]
#[ignore = "runs for minutes: make fuzz MINUTES=10"]
fn fuzz_for_minutes() {
    let number = |name: &str| {
        std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap_or_else(|_| panic!("{name} is a whole number")))
    };
    let minutes = number("EVENTLEASE_FUZZ_MINUTES").unwrap_or(10);
    let first = number("EVENTLEASE_FUZZ_SEED").unwrap_or_else(|| u64::from(rand::random::<u32>()));
    println!("seeds from {first} on, for {minutes} minutes");
    let (fuzz, started) = (Fuzz::new(), Instant::now());
    let mut cases = 0;
    for seed in first.. {
        fuzz.run(seed, BATCH);
        cases += u64::from(BATCH);
        if started.elapsed() >= Duration::from_mins(minutes) {
            break;
        }
    }
    println!("{cases} cases in {:?}, no panic and no 500; statuses {:?}", started.elapsed(), fuzz.statuses);
}
