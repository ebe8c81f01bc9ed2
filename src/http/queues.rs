//! `/queues`: how they stand, their settings, pause and resume, peek; below, removed.

pub mod removal;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::enqueue::visibility_timeout;
use super::events::includes_payload;
use super::fields::{Patch, integer, parsed};
use super::input::Input;
use super::pages::{self, Page};
use super::policies::{self, PolicyPatch, RetryPolicyBody};
use super::problem::{Problem, ProblemBody};
use super::queue_report::QueueReply;
use crate::domain::ids::EventId;
use crate::domain::json::RawJson;
use crate::domain::limits::{
    MAX_CONCURRENT_EVENTS, MAX_LEASE_LIMIT, MAX_MAX_LEASE_SECONDS, MAX_PAUSE_REASON_CHARS, MAX_PAUSE_SECONDS,
    MAX_PRIORITY,
};
use crate::domain::names::{EngineType, check_text};
use crate::domain::queue::{PeekPlace, PeekedEvent};

/// Lists queues by name, flat enough for an autoscaler.
#[utoipa::path(
    get, path = "/queues", operation_id = "list_queues", tag = "queues",
    params(
        ("limit" = Option<u32>, Query, description = "Items a page, 50 by default", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The next_cursor of the page before"),
    ),
    responses(
        (status = 200, description = "A page of queues", body = Page<QueueReply>),
        (status = 422, description = "Every bad place is named", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No database", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn list(State(api): State<Api>, input: Input) -> Result<Json<Page<QueueReply>>, Problem> {
    let (limit, behind) = {
        let reader = input.reader();
        let limit = pages::limit(&reader);
        let behind = pages::behind_name(&reader);
        reader.finish(|| Some((limit, behind)))?
    };
    let found = api.broker.list_queues(behind.as_deref(), limit + 1, input.caller.engine_types()).await?;
    Ok(Json(Page::of(
        found,
        limit,
        |report| report.queue.engine_type.clone(),
        |report| QueueReply::of(report, api.limits),
    )))
}

/// Reads a queue: how deep it is, who works on it, how fast, and its settings.
#[utoipa::path(
    get, path = "/queues/{engine_type}", operation_id = "read_queue", tag = "queues",
    params(("engine_type" = String, Path, description = "The queue", min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._:-]+$")),
    responses(
        (status = 200, description = "The queue", body = QueueReply),
        (status = 404, description = "It had no event, engine or setting yet", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Not the name of a queue", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No database", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn get(State(api): State<Api>, input: Input) -> Result<Json<QueueReply>, Problem> {
    let engine_type = read_name(&input)?;
    Ok(Json(QueueReply::of(api.broker.read_queue(&engine_type).await?, api.limits)))
}

/// What to change of a queue's settings: what is left out stays, null is inherited (RFC 7396).
#[derive(ToSchema)]
#[schema(as = QueuePatch, example = json!({
    "visibility_timeout_seconds": 120, "max_processing": null, "retry_policy": {"retry_delay": {"max": 60}}
}))]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_patch` reads it")]
pub struct PatchBody {
    /// Events a poll gets that names no limit.
    #[schema(minimum = 1, maximum = 100)]
    default_limit: Option<u32>,
    #[schema(minimum = 1, maximum = 43200)]
    visibility_timeout_seconds: Option<u32>,
    /// No renewal prolongs a lease beyond it.
    #[schema(minimum = 1, maximum = 604_800)]
    max_lease_seconds: Option<u32>,
    /// Never more events of the queue are processed at a time.
    #[schema(minimum = 1, maximum = 100_000)]
    max_processing: Option<u32>,
    retry_policy: Option<RetryPolicyBody>,
}

struct QueuePatch {
    default_limit: Patch<u32>,
    visibility_timeout_seconds: Patch<u32>,
    max_lease_seconds: Patch<u32>,
    max_processing: Patch<u32>,
    retry_policy: Patch<PolicyPatch>,
}

/// Changes a queue's settings. Leases that were given keep the terms they were given with.
#[utoipa::path(
    patch, path = "/queues/{engine_type}", operation_id = "change_queue", tag = "queues", request_body = PatchBody,
    params(("engine_type" = String, Path, description = "The queue", min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._:-]+$")),
    responses(
        (status = 200, description = "The queue as it is now", body = QueueReply),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not declared as JSON, or in another encoding than UTF-8 or gzip", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Every bad place is named", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No database", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn patch(State(api): State<Api>, input: Input) -> Result<Json<QueueReply>, Problem> {
    let (engine_type, patch) = read_patch(&input)?;
    let report = api
        .broker
        .change_queue(&input.actor(&api), &engine_type, |settings| {
            patch.default_limit.apply(&mut settings.default_limit);
            patch.visibility_timeout_seconds.apply(&mut settings.visibility_timeout_seconds);
            patch.max_lease_seconds.apply(&mut settings.max_lease_seconds);
            patch.max_processing.apply(&mut settings.max_processing);
            match patch.retry_policy {
                Patch::Keep => {}
                Patch::Clear => settings.retry_policy = None,
                Patch::Set(policy) => policy.apply(&mut settings.retry_policy),
            }
        })
        .await?;
    Ok(Json(QueueReply::of(report, api.limits)))
}

fn read_patch(input: &Input) -> Result<(EngineType, QueuePatch), Problem> {
    let reader = input.reader();
    let engine_type = reader.path("engine_type", EngineType::parse);
    reader.caller();
    let patch = reader.body()?.map(|fields| {
        let patch = QueuePatch {
            default_limit: fields.patch("default_limit", integer(1..=MAX_LEASE_LIMIT)),
            visibility_timeout_seconds: fields.patch("visibility_timeout_seconds", visibility_timeout()),
            max_lease_seconds: fields.patch("max_lease_seconds", integer(1..=MAX_MAX_LEASE_SECONDS)),
            max_processing: fields.patch("max_processing", integer(1..=MAX_CONCURRENT_EVENTS)),
            retry_policy: policies::read_patch(&fields),
        };
        fields.finish();
        patch
    });
    reader.finish(|| Some((engine_type?, patch?)))
}

#[derive(ToSchema)]
#[schema(as = PauseQueue, example = json!({"reason": "the model is being replaced", "resume_after_seconds": 3600}))]
#[expect(dead_code, reason = "describes the body to OpenAPI; `pause` reads it")]
pub struct PauseBody {
    #[schema(min_length = 1, max_length = 500, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    reason: Option<String>,
    /// Then it goes on by itself.
    #[schema(minimum = 1, maximum = 31_536_000)]
    resume_after_seconds: Option<u32>,
}

/// Pauses a queue: nothing is leased from it. What engines hold goes on, and events are taken in.
#[utoipa::path(
    post, path = "/queues/{engine_type}/pause", operation_id = "pause_queue", tag = "queues", request_body = Option<PauseBody>,
    params(("engine_type" = String, Path, description = "The queue", min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._:-]+$")),
    responses(
        (status = 200, description = "Paused", body = QueueReply),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not declared as JSON, or in another encoding than UTF-8 or gzip", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Every bad place is named", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No database", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn pause(State(api): State<Api>, input: Input) -> Result<Json<QueueReply>, Problem> {
    let (engine_type, reason, resume_after_seconds) = {
        let reader = input.reader();
        let engine_type = reader.path("engine_type", EngineType::parse);
        reader.caller();
        let (mut reason, mut resume_after_seconds) = (None, None);
        if let Some(fields) = reader.optional_body()? {
            let checked = parsed(|text| check_text(text, MAX_PAUSE_REASON_CHARS).map(|()| text.to_owned()));
            reason = fields.optional("reason", checked);
            resume_after_seconds = fields.optional("resume_after_seconds", integer(1..=MAX_PAUSE_SECONDS));
            fields.finish();
        }
        reader.finish(|| Some((engine_type?, reason, resume_after_seconds)))?
    };
    let report =
        api.broker.pause_queue(&input.actor(&api), &engine_type, reason.as_deref(), resume_after_seconds).await?;
    Ok(Json(QueueReply::of(report, api.limits)))
}

/// Ends a pause.
#[utoipa::path(
    post, path = "/queues/{engine_type}/resume", operation_id = "resume_queue", tag = "queues",
    params(("engine_type" = String, Path, description = "The queue", min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._:-]+$")),
    responses(
        (status = 200, description = "Going on", body = QueueReply),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "It had no event, engine or setting yet", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not declared as JSON, or in another encoding than UTF-8 or gzip", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Not the name of a queue", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No database", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn resume(State(api): State<Api>, input: Input) -> Result<Json<QueueReply>, Problem> {
    let engine_type = read_name(&input)?;
    Ok(Json(QueueReply::of(api.broker.resume_queue(&input.actor(&api), &engine_type).await?, api.limits)))
}

/// Looks at the events that would be leased next, without leasing them.
#[utoipa::path(
    get, path = "/queues/{engine_type}/peek", operation_id = "peek_queue", tag = "queues",
    params(
        ("engine_type" = String, Path, description = "The queue", min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._:-]+$"),
        ("limit" = Option<u32>, Query, description = "Items a page, 50 by default", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The next_cursor of the page before"),
        ("include" = Option<String>, Query, description = "`payload`: with payloads"),
    ),
    responses(
        (status = 200, description = "In the order of leasing", body = Page<PeekedEventReply>),
        (status = 404, description = "It had no event, engine or setting yet", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Every bad place is named", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No database", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn peek(State(api): State<Api>, input: Input) -> Result<Json<Page<PeekedEventReply>>, Problem> {
    let (engine_type, limit, behind, with_payload) = {
        let reader = input.reader();
        let engine_type = reader.path("engine_type", EngineType::parse);
        let limit = pages::limit(&reader);
        let behind = reader.query("cursor", parse_place);
        let with_payload = includes_payload(&reader);
        reader.finish(|| Some((engine_type?, limit, behind, with_payload)))?
    };
    let found = api.broker.peek_queue(&engine_type, behind, limit, with_payload).await?;
    let place =
        |event: &PeekedEvent| format!("{}_{}", event.priority, pages::cursor(event.available_at, event.event_id));
    Ok(Json(Page::of_read(found, place, PeekedEventReply::of)))
}

/// A place in the order of leasing: the priority, and the place within it.
fn parse_place(text: &str) -> Result<PeekPlace, String> {
    let bad = || pages::BAD_CURSOR.to_owned();
    let (priority, place) = text.split_once('_').ok_or_else(bad)?;
    let priority = priority.parse::<u8>().ok().filter(|priority| *priority <= MAX_PRIORITY).ok_or_else(bad)?;
    let (available_at, event_id) = pages::parse_cursor(place)?;
    Ok(PeekPlace { priority, available_at, event_id: EventId(event_id) })
}

fn read_name(input: &Input) -> Result<EngineType, Problem> {
    let reader = input.reader();
    let engine_type = reader.path("engine_type", EngineType::parse);
    reader.caller();
    reader.empty_body()?;
    reader.finish(|| engine_type)
}

/// An event that waits to be leased.
#[derive(Serialize, ToSchema)]
#[schema(as = PeekedEvent)]
pub struct PeekedEventReply {
    #[schema(value_type = uuid::Uuid)]
    event_id: EventId,
    event_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    payload: Option<RawJson>,
    payload_bytes: i32,
    priority: i16,
    /// Attempts so far.
    attempt: i32,
    /// It had a silent loss, and travels alone.
    is_suspect: bool,
    created_at: DateTime<Utc>,
    available_at: DateTime<Utc>,
}

impl PeekedEventReply {
    fn of(event: PeekedEvent) -> Self {
        Self {
            event_id: event.event_id,
            event_type: event.event_type,
            payload: event.payload,
            payload_bytes: event.payload_bytes,
            priority: event.priority,
            attempt: event.attempt,
            is_suspect: event.is_suspect,
            created_at: event.created_at,
            available_at: event.available_at,
        }
    }
}
