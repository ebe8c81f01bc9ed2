//! What happens around every handler: request ids, times, logs, unknown paths and methods, panics.

use std::cell::LazyCell;
use std::pin::pin;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{self, Entry};
use axum::http::{HeaderMap, Method, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tracing::level_filters::LevelFilter;
use tracing::{Instrument, Span};

use super::api::Api;
use super::errors::{Cause, Code, Limit, Problem};
use super::limits::Limits;
use super::request_id::{REQUEST_ID, request_id};
use super::{admission, browsers, replies, security_headers, traces};
use crate::broker::within;
use crate::domain::limits::{MAX_HEARTBEAT_WAIT_SECONDS, MAX_WAIT_SECONDS};
use crate::supervisor::{Panic, Work};

/// Puts around the router what happens around every handler.
pub fn wrap(router: Router<Api>, api: Api) -> Router {
    router
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        // One layer for all of it: axum pays each with several allocations a request.
        .layer(middleware::from_fn_with_state(api.clone(), observe))
        .with_state(api)
}

/// The same around routers that answer without the service, less times and logs.
pub fn wrap_plain(router: Router) -> Router {
    router.layer(middleware::from_fn(add_headers))
}

async fn add_headers(mut request: Request, next: Next) -> Response {
    let request_id = request_id(&request);
    request.headers_mut().insert(REQUEST_ID, request_id.clone());
    let mut response = next.run(request).await;
    response.headers_mut().insert(REQUEST_ID, request_id);
    security_headers::add(response.headers_mut());
    response
}

async fn unknown_path(uri: Uri) -> Problem {
    Problem::unknown_path(&uri)
}

/// Answers 405; the reply's `Allow` names the methods that the path has.
pub async fn wrong_method(method: Method) -> Problem {
    Problem::wrong_method(&method)
}

/// Lets a request in and has it handled, or refuses it, before its body is read.
async fn answer(api: Api, request: Request, next: Next) -> Result<Response, Panic> {
    let admitted = match browsers::check(&api, &request) {
        Ok(()) => admission::admit(&api, request).await,
        Err(problem) => Err(problem),
    };
    match admitted {
        Ok(request) => api.supervisor.catch_unlogged(Work::Request, next.run(request)).await,
        Err(problem) => Ok(problem.into_response()),
    }
}

/// Gives every reply its request id, and measures it.
async fn observe(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let request_id = request_id(&request);
    keep_secrets(request.headers_mut());
    // The audit trail names it.
    request.headers_mut().insert(REQUEST_ID, request_id.clone());
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().cloned();
    let route = path.as_ref().map_or("none", MatchedPath::as_str);
    // A caller may invent methods, of any length, but no series of a metric, nor lines of the log.
    let known_method = match method {
        Method::GET | Method::HEAD | Method::POST | Method::PUT | Method::PATCH | Method::DELETE => method.as_str(),
        _ => "other",
    };
    // Made for its first line, also where no more than errors are logged: it costs a tenth of a cheap request.
    let span = LazyCell::new(|| {
        tracing::error_span!("request", id = request_id.to_str().unwrap_or("?"), method = known_method, route)
    });
    let of_handler = if may_log(&method, route) { (*span).clone() } else { Span::none() };
    let trace = traces::begin(&request);
    let limit = time_limit(api.limits, &method, route);
    let answer = || answer(api.clone(), request, next).instrument(trace.clone()).instrument(of_handler);
    let answer = if runs_to_its_end(&method, route) {
        let finished = api.supervisor.finish(Work::Call, Box::pin(within(limit, answer()))).await;
        finished.unwrap_or_else(|_| Some(Ok(Problem::internal().into_response())))
    } else {
        // By reference: each function that takes a future by value keeps two copies' room for it, in every request.
        within(limit, pin!(answer())).await
    };
    let mut response = match answer {
        Some(Ok(response)) => response,
        Some(Err(panic)) => {
            span.in_scope(|| api.supervisor.note_panic(Work::Request.as_str(), &*panic));
            Problem::internal().into_response()
        }
        None => {
            span.in_scope(|| api.broker.troubles().note_hung_call());
            took_too_long()
        }
    };
    if let Some(kind) = replies::Kind::of(&method, route) {
        response = replies::hold(response, kind, &api).await;
    }

    let seconds = started.elapsed().as_secs_f64();
    let status = response.status();
    traces::end(&trace, status);
    api.metrics.request_seconds.with_label_values(&[known_method, route, status.as_str()]).observe(seconds);
    tracing::debug!(parent: &*span, status = status.as_u16(), seconds, "answered");
    if let Some(Cause(error)) = response.extensions().get() {
        span.in_scope(|| api.broker.troubles().note_refusal(error));
    }
    if let Some(limit) = response.extensions().get::<Limit>() {
        api.metrics.limits_met.with_label_values(&[limit.as_str()]).inc();
    }
    drop(span);
    response.headers_mut().insert(REQUEST_ID, request_id);
    security_headers::add(response.headers_mut());
    response
}

/// Whoever shows these headers by `{:?}`, in a log or elsewhere, shows no secret.
fn keep_secrets(headers: &mut HeaderMap) {
    for name in [header::AUTHORIZATION, header::PROXY_AUTHORIZATION, header::COOKIE] {
        if let Entry::Occupied(mut values) = headers.entry(name) {
            values.iter_mut().for_each(|value| value.set_sensitive(true));
        }
    }
}

/// Calls that may wait before they are answered.
const MAY_WAIT: [&str; 3] =
    ["/api/v1/events/{event_id}", "/api/v1/events/queue/{engine_type}", "/api/v1/events/queue/{engine_type}/lease"];

/// Calls that change something through a batch (`batching`), which runs to its end by itself, or that wait and
/// must notice that their caller hung up.
const MAY_BE_DROPPED: [(Method, &str); 5] = [
    (Method::POST, "/api/v1/events"),
    (Method::POST, "/api/v1/events/queue/{engine_type}/lease"),
    (Method::POST, "/api/v1/engines/{engine_id}/heartbeat"),
    (Method::PUT, "/api/v1/events/{event_id}/status"),
    (Method::PUT, "/api/v1/events/status"),
];

/// Whether a call goes on when its caller hangs up: between its commit and what must follow it, it may not be lost.
fn runs_to_its_end(method: &Method, route: &str) -> bool {
    let only_reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(method);
    !only_reads && !MAY_BE_DROPPED.iter().any(|(of_method, of_route)| of_method == method && *of_route == route)
}

/// Calls that answer several requests, and log the refusals of each.
const ANSWER_SEVERAL: [&str; 2] = ["/api/v1/events/queue/{engine_type}/lease", "/api/v1/events/status"];

/// Whether lines may be logged before there is a reply. Calls that only read, or leave the work to a batch, log
/// nothing above debug level meanwhile.
fn may_log(method: &Method, route: &str) -> bool {
    runs_to_its_end(method, route) || ANSWER_SEVERAL.contains(&route) || LevelFilter::current() >= LevelFilter::DEBUG
}

/// How long a call may take, with all that is allowed to keep it.
fn time_limit(limits: Limits, method: &Method, route: &str) -> Duration {
    let body = if *method == Method::GET { Duration::ZERO } else { limits.body_timeout };
    let wait = match route {
        "/api/v1/engines/{engine_id}/heartbeat" => MAX_HEARTBEAT_WAIT_SECONDS,
        _ if MAY_WAIT.contains(&route) => MAX_WAIT_SECONDS,
        _ => 0,
    };
    limits.call_timeout + body + Duration::from_secs(wait.into())
}

/// Each part of a call has its own limit; this one is for a call that ran into none of them, and hangs.
fn took_too_long() -> Response {
    Problem::new(Code::DatabaseTimeout, "the call took too long; whether it was done is not known")
        .with_header(header::RETRY_AFTER, "1")
        .of_limit(Limit::CallTime)
        .into_response()
}
