//! `GET /events/queue/{engine_type}`: leasing events.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};

use super::reply::LeaseReply;
use crate::broker::lease::{Poll, Polled};
use crate::domain::limits::{
    MAX_LEASE_LIMIT, MAX_VISIBILITY_TIMEOUT_SECONDS, MAX_WAIT_SECONDS, MIN_VISIBILITY_TIMEOUT_SECONDS,
};
use crate::domain::names::EngineType;
use crate::http::api::Api;
use crate::http::errors::{Code, Problem};
use crate::http::replies;
use crate::http::requests::texts::{number_in, parse_uuid};
use crate::http::requests::{Caller, Input};
use crate::supervisor::Work;
use std::sync::Arc;

/// Leases due events to the calling engine: by priority, then by the time they became due.
///
/// An empty reply waits out `wait_seconds`. Delivery is at least once, and in no order to rely on.
/// An event whose lease was lost once is handed out alone.
#[utoipa::path(
    get, path = "/events/queue/{engine_type}", operation_id = "lease_events", tag = "leases",
    params(
        ("engine_type" = String, Path, description = "The queue"),
        ("limit" = Option<u32>, Query, description = "At most that many events; 3 unless configured otherwise"),
        ("wait_seconds" = Option<u32>, Query, description = "Waits that long for an event; 20 suits most proxies"),
        ("visibility_timeout_seconds" = Option<u32>, Query, description = "How long the leases last"),
        ("poll_id" = Option<uuid::Uuid>, Query, description = "Repeated with the same id, a poll answers the leases it got that still hold; so a lost reply costs nothing"),
        ("engine_id" = Option<uuid::Uuid>, Query, description = "Who polls, where X-Engine-Id is not sent"),
        ("X-Engine-Id" = Option<uuid::Uuid>, Header, description = "Who polls; without it the lease is anonymous"),
        ("X-Engine-Incarnation" = Option<String>, Header, description = "The incarnation that the engine registered as; any other than the registered one is refused"),
    ),
    responses(
        (status = 200, description = "The leased events, or none", body = LeaseReply),
        (status = 403, description = "A browser, which would lease what nobody works on"),
        (status = 404, description = "The engine is not registered"),
        (status = 409, description = "The engine is of another type, or has registered again"),
    )
)]
pub async fn lease(State(api): State<Api>, input: Input) -> Result<Response, Problem> {
    let poll = read_poll(&input)?;
    let polled = lease_while_good(&api, &input.caller, poll).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(LeaseReply::of(polled))).into_response())
}

/// Answers HEAD, which would else be served as GET.
pub async fn refuse_head() -> Problem {
    Problem::new(Code::MethodNotAllowed, "HEAD would lease events and throw them away")
        .with_header(header::ALLOW, "GET")
}

/// Beside GET there would be HEAD in the Allow that axum makes.
pub async fn refuse_other_methods(method: Method) -> Problem {
    Problem::wrong_method(&method).with_header(header::ALLOW, "GET")
}

fn read_poll(input: &Input) -> Result<Poll, Problem> {
    let reader = input.reader();
    let engine_type = reader.path("engine_type", EngineType::parse);
    let engine_id = reader.caller();
    let incarnation = reader.incarnation(input.names_engine());
    let limit = reader.query("limit", number_in(1..=MAX_LEASE_LIMIT));
    let wait = reader.query("wait_seconds", number_in(0..=MAX_WAIT_SECONDS)).unwrap_or(0);
    let visibility_timeout_seconds = reader.query(
        "visibility_timeout_seconds",
        number_in(MIN_VISIBILITY_TIMEOUT_SECONDS..=MAX_VISIBILITY_TIMEOUT_SECONDS),
    );
    let poll_id = reader.query("poll_id", parse_uuid);
    reader.finish(|| {
        Some(Poll {
            engine_type: engine_type?,
            engine_id,
            incarnation,
            limit,
            wait: Duration::from_secs(wait.into()),
            visibility_timeout_seconds,
            poll_id,
        })
    })
}

/// A poll may be parked for longer than its token is good, and its reply may be one too many: then what it got goes back.
pub async fn lease_while_good(api: &Api, caller: &Caller, poll: Poll) -> Result<Polled, Problem> {
    let polled = api.broker.lease(poll).await?;
    if let Err(problem) = caller.check_still_good(api).and_then(|()| replies::have_room_for(&polled.events, api)) {
        let broker = Arc::clone(&api.broker);
        // Also when the caller hangs up meanwhile. That the work panicked changes nothing for it.
        api.supervisor.finish(Work::HandBack, async move { broker.hand_back(&polled.events).await }).await.ok();
        return Err(problem);
    }
    Ok(polled)
}
