//! `GET /events/queue/{engine_type}`: leasing events.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Caller;
use super::enqueue::visibility_timeout;
use super::fields::{array, integer, uuid};
use super::input::{Input, number_in, parse_uuid};
use super::leased_event::LeasedEventReply;
use super::problem::{Code, Problem, ProblemBody};
use super::settle::{self, Entry, SettleResult, SettlementEntryBody};
use super::{Api, Limits, replies};
use crate::broker::lease::{Notice, Poll, Polled};
use crate::domain::limits::{
    MAX_BATCH_EVENTS, MAX_LEASE_LIMIT, MAX_VISIBILITY_TIMEOUT_SECONDS, MAX_WAIT_SECONDS, MIN_VISIBILITY_TIMEOUT_SECONDS,
};
use crate::domain::names::EngineType;
use crate::supervisor::Work;

/// Leases due events to the calling engine: by priority, then by the time they became due.
///
/// An empty reply waits out `wait_seconds`. Delivery is at least once, and in no order to rely on.
/// An event whose lease was lost once is handed out alone.
#[utoipa::path(
    get, path = "/events/queue/{engine_type}", operation_id = "lease_events", tag = "leases",
    params(
        ("engine_type" = String, Path, description = "The queue", min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._:-]+$"),
        ("limit" = Option<u32>, Query, description = "At most that many events; 3 unless configured otherwise", minimum = 1, maximum = 100),
        ("wait_seconds" = Option<u32>, Query, description = "Waits that long for an event; 20 suits most proxies", minimum = 0, maximum = 30),
        ("visibility_timeout_seconds" = Option<u32>, Query, description = "How long the leases last", minimum = 1, maximum = 43200),
        ("poll_id" = Option<uuid::Uuid>, Query, description = "Repeated with the same id, a poll answers the leases it got that still hold; so a lost reply costs nothing"),
        ("engine_id" = Option<uuid::Uuid>, Query, description = "Who polls, where X-Engine-Id is not sent"),
        ("X-Engine-Id" = Option<uuid::Uuid>, Header, description = "Who polls; without it the lease is anonymous"),
    ),
    responses(
        (status = 200, description = "The leased events, or none", body = LeaseReply),
        (status = 403, description = "A browser, which would lease what nobody works on", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The engine is not registered", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The engine is of another type", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Every bad place is named", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No database", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn lease(State(api): State<Api>, input: Input) -> Result<Response, Problem> {
    let poll = read_poll(&input)?;
    let polled = lease_while_good(&api, &input.caller, poll).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(LeaseReply::of(polled))).into_response())
}

/// A poll may be parked for longer than its token is good, and its reply may be one too many: then what it got goes back.
async fn lease_while_good(api: &Api, caller: &Caller, poll: Poll) -> Result<Polled, Problem> {
    let polled = api.broker.lease(poll).await?;
    if let Err(problem) = caller.check_still_good(api).and_then(|()| replies::have_room_for(&polled.events, api)) {
        let broker = Arc::clone(&api.broker);
        // Also when the caller hangs up meanwhile. That the work panicked changes nothing for it.
        api.supervisor.finish(Work::HandBack, async move { broker.hand_back(&polled.events).await }).await.ok();
        return Err(problem);
    }
    Ok(polled)
}

/// A poll, and what the engine has to say first. Everything may be left out.
#[derive(ToSchema)]
#[schema(as = Exchange, example = json!({"limit": 3, "wait_seconds": 20, "settlements": [{
    "event_id": "0190f3a1-c2d3-7e4f-8506-1728394a5b6c", "status": "completed", "lease_token": "0190f3a1c2d3e4f5061728394a5b6c7d"
}]}))]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_exchange` reads it")]
pub struct ExchangeBody {
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    #[schema(minimum = 0, maximum = 30)]
    wait_seconds: Option<u32>,
    #[schema(minimum = 1, maximum = 43200)]
    visibility_timeout_seconds: Option<u32>,
    /// Repeated with the same id, a poll answers the leases it got that still hold.
    poll_id: Option<uuid::Uuid>,
    #[schema(max_items = 1000)]
    settlements: Option<Vec<SettlementEntryBody>>,
}

/// Settles what is done and leases what is next, in one call. The form to prefer.
///
/// The settlements are committed before any waiting; one that is refused ends the waiting.
#[utoipa::path(
    post, path = "/events/queue/{engine_type}/lease", operation_id = "exchange_leases", tag = "leases", request_body = Option<ExchangeBody>,
    params(
        ("engine_type" = String, Path, description = "The queue", min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._:-]+$"),
        ("engine_id" = Option<uuid::Uuid>, Query, description = "Who polls, where X-Engine-Id is not sent"),
        ("X-Engine-Id" = Option<uuid::Uuid>, Header, description = "Who polls; without it the lease is anonymous"),
    ),
    responses(
        (status = 200, description = "The settlements' verdicts, and the leased events or none", body = ExchangeReply),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "A browser's navigation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The engine is not registered", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The engine is of another type", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not declared as JSON, or in another encoding than UTF-8 or gzip", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Every bad place is named", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No database", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn exchange(State(api): State<Api>, input: Input) -> Result<Response, Problem> {
    let (mut poll, entries) = read_exchange(&input, api.limits)?;
    let caller = input.into_caller();
    let results = if entries.is_empty() { Vec::new() } else { settle::settle_entries(&api, entries).await? };
    if results.iter().any(SettleResult::is_refused) {
        poll.wait = Duration::ZERO;
    }
    let LeaseReply { events, notice } = LeaseReply::of(lease_while_good(&api, &caller, poll).await?);
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(ExchangeReply { results, events, notice })).into_response())
}

fn read_exchange(input: &Input, limits: Limits) -> Result<(Poll, Vec<Entry>), Problem> {
    let reader = input.reader();
    let engine_type = reader.path("engine_type", EngineType::parse);
    let engine_id = reader.caller();
    let fields = reader.optional_body()?;
    let fields = fields.as_ref();
    let limit = fields.and_then(|fields| fields.optional("limit", integer(1..=MAX_LEASE_LIMIT)));
    let wait = fields.and_then(|fields| fields.optional("wait_seconds", integer(0..=MAX_WAIT_SECONDS)));
    let visibility_timeout_seconds =
        fields.and_then(|fields| fields.optional("visibility_timeout_seconds", visibility_timeout()));
    let poll_id = fields.and_then(|fields| fields.optional("poll_id", uuid));
    let entries = fields.and_then(|fields| fields.optional("settlements", |raw| array(raw, MAX_BATCH_EVENTS)));
    if let Some(fields) = fields {
        fields.finish();
    }
    let entries = settle::read_entries(entries.unwrap_or_default(), input.text(), limits, engine_id);
    let poll = reader.finish(|| {
        Some(Poll {
            engine_type: engine_type?,
            engine_id,
            limit,
            wait: Duration::from_secs(wait.unwrap_or(0).into()),
            visibility_timeout_seconds,
            poll_id,
        })
    })?;
    Ok((poll, entries))
}

#[derive(Serialize, ToSchema)]
#[schema(as = Exchanged)]
pub struct ExchangeReply {
    /// In the order of the settlements sent.
    results: Vec<SettleResult>,
    events: Vec<LeasedEventReply>,
    notice: Option<NoticeReply>,
}

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
            limit,
            wait: Duration::from_secs(wait.into()),
            visibility_timeout_seconds,
            poll_id,
        })
    })
}

#[derive(Serialize, ToSchema)]
#[schema(as = Leased, example = json!({"notice": null, "events": [{
    "event_id": "0190f3a1-c2d3-7e4f-8506-1728394a5b6c", "engine_type": "dialogue", "event_type": "dialogue.requested",
    "payload": {"text": "Hello"}, "priority": 5, "scenario_run_id": null, "created_at": "2030-01-31T12:00:00Z",
    "attempt": 1, "max_attempts": 4, "retries_left": 3, "losses_left": 3, "previous": null, "traceparent": null,
    "lease": {
        "lease_token": "0190f3a1c2d3e4f5061728394a5b6c7d", "lock": "processing_by_0190f39e-0000-7000-8000-1728394a5b6c",
        "leased_by": "0190f39e-0000-7000-8000-1728394a5b6c", "leased_at": "2030-01-31T12:00:00Z",
        "expires_at": "2030-01-31T12:05:00Z", "expires_in_seconds": 300.0, "visibility_timeout_seconds": 300
    }
}]}))]
pub struct LeaseReply {
    events: Vec<LeasedEventReply>,
    /// Why there are no events, where there is a cause beside an empty queue.
    notice: Option<NoticeReply>,
}

impl LeaseReply {
    fn of(polled: Polled) -> Self {
        Self {
            events: polled.events.into_iter().map(LeasedEventReply::of).collect(),
            notice: polled.notice.map(NoticeReply::of),
        }
    }
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[schema(as = LeaseNoticeCode)]
#[serde(rename_all = "snake_case")]
pub enum NoticeCode {
    EngineDraining,
    EngineAtCapacity,
    QueuePaused,
    QueueAtMaxProcessing,
    ServerStopping,
}

/// Why a poll got nothing.
#[derive(Serialize, ToSchema)]
#[schema(as = LeaseNotice)]
pub struct NoticeReply {
    code: NoticeCode,
    detail: String,
    /// What the engine holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    held: Option<u32>,
    retry_after_seconds: u32,
}

impl NoticeReply {
    fn of(notice: Notice) -> Self {
        match notice {
            Notice::EngineDraining { held } => Self {
                code: NoticeCode::EngineDraining,
                detail: "the engine is draining and is given no more events".to_owned(),
                held: Some(held),
                retry_after_seconds: 5,
            },
            Notice::EngineAtCapacity { held, is_held_for_a_suspect: false } => Self {
                code: NoticeCode::EngineAtCapacity,
                detail: "the engine holds as many events as its max_concurrent_events".to_owned(),
                held: Some(held),
                retry_after_seconds: 1,
            },
            Notice::EngineAtCapacity { held, is_held_for_a_suspect: true } => Self {
                code: NoticeCode::EngineAtCapacity,
                detail: "an event whose lease was lost before is worked on alone: settle what is held first".to_owned(),
                held: Some(held),
                retry_after_seconds: 1,
            },
            Notice::QueuePaused => Self {
                code: NoticeCode::QueuePaused,
                detail: "the queue is paused: nothing is leased from it".to_owned(),
                held: None,
                retry_after_seconds: 5,
            },
            Notice::QueueAtMaxProcessing { processing } => Self {
                code: NoticeCode::QueueAtMaxProcessing,
                detail: format!("{processing} events of the queue are being processed, as many as its max_processing"),
                held: None,
                retry_after_seconds: 1,
            },
            Notice::ServerStopping => Self {
                code: NoticeCode::ServerStopping,
                detail: "this server is stopping; poll another, or again in a moment".to_owned(),
                held: None,
                retry_after_seconds: 1,
            },
        }
    }
}
