//! `GET /events/queue/{engine_type}`: leasing events.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::input::{Input, number_in, parse_uuid};
use super::problem::{Code, Problem, ProblemBody};
use crate::broker::lease::{Notice, Poll, Polled};
use crate::domain::event::Outcome;
use crate::domain::ids::{EngineId, EventId, LeaseToken};
use crate::domain::json::RawJson;
use crate::domain::limits::{
    MAX_LEASE_LIMIT, MAX_VISIBILITY_TIMEOUT_SECONDS, MAX_WAIT_SECONDS, MIN_VISIBILITY_TIMEOUT_SECONDS,
};
use crate::domain::names::EngineType;
use crate::store::lease::LeasedEvent;

/// Leases due events to the calling engine: by priority, then by the time they became due.
///
/// An empty reply waits out `wait_seconds`. Delivery is at least once, and in no order to rely on.
/// An event whose lease was lost once is handed out alone.
#[utoipa::path(
    get, path = "/events/queue/{engine_type}", tag = "leases",
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
        (status = 403, description = "A browser's navigation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The engine is not registered", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The engine is of another type", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Every bad place is named", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No database", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn lease(State(api): State<Api>, input: Input) -> Result<Response, Problem> {
    refuse_browsers(&input.headers)?;
    let poll = read_poll(&input, api.limits.default_lease_limit)?;
    let polled = api.broker.lease(poll).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(LeaseReply::of(polled))).into_response())
}

pub async fn refuse_head() -> Problem {
    Problem::new(Code::MethodNotAllowed, "HEAD would lease events and throw them away")
        .with_header(header::ALLOW, "GET")
}

/// Beside GET there would be HEAD in the Allow that axum makes.
pub async fn refuse_other_methods(method: Method) -> Problem {
    Problem::wrong_method(&method).with_header(header::ALLOW, "GET")
}

/// A link followed, or another site's script: neither means to lease (Fetch Metadata, W3C).
fn refuse_browsers(headers: &HeaderMap) -> Result<(), Problem> {
    let is = |name: &str, values: &[&str]| headers.get(name).is_some_and(|value| values.iter().any(|v| value == v));
    if is("sec-fetch-mode", &["navigate"]) || is("sec-fetch-site", &["cross-site", "same-site"]) {
        return Err(Problem::new(
            Code::NotForBrowsers,
            "a look at this address would lease events; read them with GET /api/v1/events/{event_id}",
        ));
    }
    Ok(())
}

fn read_poll(input: &Input, default_limit: u32) -> Result<Poll, Problem> {
    let reader = input.reader();
    let engine_type = reader.path("engine_type", EngineType::parse);
    let engine_id = reader.caller();
    let limit = reader.query("limit", number_in(1..=MAX_LEASE_LIMIT)).unwrap_or(default_limit);
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
#[schema(as = Leased)]
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

/// An event in an engine's hands.
#[derive(Serialize, ToSchema)]
#[schema(as = LeasedEvent)]
pub struct LeasedEventReply {
    #[schema(value_type = uuid::Uuid)]
    event_id: EventId,
    engine_type: String,
    event_type: String,
    #[schema(value_type = Value)]
    payload: RawJson,
    priority: u8,
    scenario_run_id: Option<String>,
    created_at: DateTime<Utc>,
    /// From 1, never reset.
    attempt: i32,
    /// `attempt == max_attempts`: a failure reported now makes a dead letter.
    max_attempts: u32,
    retries_left: u32,
    /// Silent losses that are left before the event becomes a dead letter, this one included.
    losses_left: u32,
    /// How the attempt before ended.
    previous: Option<PreviousReply>,
    traceparent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tracestate: Option<String>,
    lease: LeaseTermsReply,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PreviousAttempt)]
pub struct PreviousReply {
    outcome: Outcome,
    #[schema(value_type = Option<Value>)]
    error: Option<RawJson>,
    #[schema(value_type = Option<Value>)]
    progress: Option<RawJson>,
    ended_at: DateTime<Utc>,
}

/// One engine's exclusive right to one event.
#[derive(Serialize, ToSchema)]
#[schema(as = LeaseTerms)]
pub struct LeaseTermsReply {
    /// The fence: whoever shows it settles the lease. Opaque.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    lease_token: Option<LeaseToken>,
    /// For people; not a fence.
    lock: String,
    #[schema(value_type = Option<uuid::Uuid>)]
    leased_by: Option<EngineId>,
    leased_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    /// From the moment of this reply; trust it where clocks differ.
    expires_in_seconds: f64,
    visibility_timeout_seconds: u32,
}

impl LeasedEventReply {
    pub fn of(event: LeasedEvent) -> Self {
        let retries_left = event.spent.retries_left(&event.policy);
        Self {
            event_id: event.event_id,
            engine_type: event.engine_type,
            event_type: event.event_type,
            payload: event.payload,
            priority: event.priority,
            scenario_run_id: event.scenario_run_id,
            created_at: event.created_at,
            attempt: event.attempt,
            max_attempts: event.attempt.cast_unsigned().saturating_add(retries_left),
            retries_left,
            losses_left: event.spent.losses_left(&event.policy),
            previous: event.previous.map(|previous| PreviousReply {
                outcome: previous.outcome,
                error: previous.error,
                progress: previous.progress,
                ended_at: previous.ended_at,
            }),
            traceparent: event.traceparent,
            tracestate: event.tracestate,
            lease: LeaseTermsReply {
                lease_token: Some(event.lease_token),
                lock: lock_name(event.leased_by),
                leased_by: event.leased_by,
                leased_at: event.leased_at,
                expires_at: event.expires_at,
                expires_in_seconds: event.expires_in_seconds,
                visibility_timeout_seconds: event.visibility_timeout_seconds,
            },
        }
    }
}

impl LeasedEventReply {
    /// Tokens are for the holder alone.
    pub fn with_token_shown(mut self, is_shown: bool) -> Self {
        if !is_shown {
            self.lease.lease_token = None;
        }
        self
    }
}

/// The holder's name, for people.
pub fn lock_name(leased_by: Option<EngineId>) -> String {
    leased_by.map_or_else(|| "processing_by_anonymous".to_owned(), |engine| format!("processing_by_{engine}"))
}

/// Why a poll got nothing.
#[derive(Serialize, ToSchema)]
#[schema(as = LeaseNotice)]
pub struct NoticeReply {
    code: &'static str,
    detail: String,
    /// What the engine holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<u32>,
    retry_after_seconds: u32,
}

impl NoticeReply {
    fn of(notice: Notice) -> Self {
        match notice {
            Notice::EngineDraining { held } => Self {
                code: "engine_draining",
                detail: "the engine is draining and is given no more events".to_owned(),
                held: Some(held),
                retry_after_seconds: 5,
            },
            Notice::EngineAtCapacity { held, is_held_for_a_suspect: false } => Self {
                code: "engine_at_capacity",
                detail: "the engine holds as many events as its max_concurrent_events".to_owned(),
                held: Some(held),
                retry_after_seconds: 1,
            },
            Notice::EngineAtCapacity { held, is_held_for_a_suspect: true } => Self {
                code: "engine_at_capacity",
                detail: "an event whose lease was lost before is worked on alone: settle what is held first".to_owned(),
                held: Some(held),
                retry_after_seconds: 1,
            },
            Notice::ServerStopping => Self {
                code: "server_stopping",
                detail: "this server is stopping; poll another, or again in a moment".to_owned(),
                held: None,
                retry_after_seconds: 1,
            },
        }
    }
}
