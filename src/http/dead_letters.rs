//! `/dead-letters`: list, read, redrive, discard.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::enqueue::visibility_timeout;
use super::events::{AttemptReply, EventReply, includes_payload};
use super::fields::integer;
use super::input::{Input, number_in, parse_uuid, time};
use super::pages::{self, Page};
use super::problem::{Problem, ProblemBody};
use super::{Api, policies};
use crate::domain::ids::EventId;
use crate::domain::json::RawJson;
use crate::domain::limits::{MAX_DELAY_SECONDS, MAX_PRIORITY};
use crate::domain::names::{EngineType, EventType, ScenarioRunId};
use crate::domain::verdict::DeadLetterReason;
use crate::store::dead_letters::{DeadLetter, Filter, Overrides};

/// Lists dead letters, the newest first.
#[utoipa::path(
    get, path = "/dead-letters", operation_id = "list_dead_letters", tag = "dead letters",
    params(
        ("engine_type" = Option<String>, Query, description = "Only of that queue"),
        ("event_type" = Option<String>, Query, description = "Only of that event type"),
        ("reason" = Option<DeadLetterReason>, Query, description = "Only for that reason"),
        ("error_type" = Option<String>, Query, description = "Only whose last error had that type"),
        ("error_contains" = Option<String>, Query, description = "Only whose last error's message has that text, in any case"),
        ("scenario_run_id" = Option<String>, Query, description = "Only of that run"),
        ("engine_software_version" = Option<String>, Query, description = "Only last worked on by that version"),
        ("dead_lettered_after" = Option<DateTime<Utc>>, Query, description = "Only from then on"),
        ("dead_lettered_before" = Option<DateTime<Utc>>, Query, description = "Only before then"),
        ("redrives_max" = Option<u32>, Query, description = "Only redriven at most that often", minimum = 0, maximum = 1_000_000),
        ("include" = Option<String>, Query, description = "`payload`: with payloads"),
        ("limit" = Option<u32>, Query, description = "Items a page, 50 by default", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The next_cursor of the page before"),
    ),
    responses(
        (status = 200, description = "A page of dead letters", body = Page<DeadLetterReply>),
        (status = 422, description = "Every bad place is named", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No database", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn list(State(api): State<Api>, input: Input) -> Result<Json<Page<DeadLetterReply>>, Problem> {
    let reader = input.reader();
    reader.caller();
    let any_text = |text: &str| Ok::<_, String>(text.to_owned());
    let filter = Filter {
        engine_type: reader.query("engine_type", |text| EngineType::parse(text).map(|name| name.to_string())),
        event_type: reader.query("event_type", |text| EventType::parse(text).map(|name| name.to_string())),
        reason: reader.query("reason", |text| {
            DeadLetterReason::parse(text).ok_or("must be retries_exhausted, not_retryable or lease_losses_exhausted")
        }),
        error_type: reader.query("error_type", any_text),
        error_contains: reader.query("error_contains", any_text),
        scenario_run_id: reader.query("scenario_run_id", |text| ScenarioRunId::parse(text).map(|id| id.to_string())),
        engine_software_version: reader.query("engine_software_version", any_text),
        dead_lettered_after: reader.query("dead_lettered_after", time),
        dead_lettered_before: reader.query("dead_lettered_before", time),
        redrives_max: reader.query("redrives_max", number_in(0..=1_000_000)).map(u32::cast_signed),
    };
    let with_payload = includes_payload(&reader);
    let asked = pages::asked(&reader, EventId);
    reader.finish(|| Some(()))?;
    let found = api.broker.list_dead_letters(&filter, asked.behind, asked.limit + 1, with_payload).await?;
    let place = |letter: &DeadLetter| pages::cursor(letter.dead_lettered_at, letter.event_id);
    Ok(Json(Page::of(found, asked.limit, place, DeadLetterReply::of)))
}

/// Reads a dead letter with its payload and all attempts.
#[utoipa::path(
    get, path = "/dead-letters/{event_id}", operation_id = "read_dead_letter", tag = "dead letters",
    params(("event_id" = uuid::Uuid, Path, description = "The event")),
    responses(
        (status = 200, description = "The dead letter", body = DeadLetterReply),
        (status = 404, description = "No such event", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Not a dead letter", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Not a UUID", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No database", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn get(State(api): State<Api>, input: Input) -> Result<Json<DeadLetterReply>, Problem> {
    let event_id = read_event_id(&input)?;
    let (dead_letter, attempts) = api.broker.read_dead_letter(event_id).await?;
    let attempts = attempts.into_iter().map(AttemptReply::of).collect();
    Ok(Json(DeadLetterReply { attempts: Some(attempts), ..DeadLetterReply::of(dead_letter) }))
}

/// Removes a dead letter for good. Its event stays `failed`.
#[utoipa::path(
    delete, path = "/dead-letters/{event_id}", operation_id = "discard_dead_letter", tag = "dead letters",
    params(("event_id" = uuid::Uuid, Path, description = "The event")),
    responses(
        (status = 204, description = "Gone"),
        (status = 404, description = "No such event", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Not a dead letter", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Not a UUID", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No database", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn discard(State(api): State<Api>, input: Input) -> Result<StatusCode, Problem> {
    let event_id = read_event_id(&input)?;
    api.broker.discard_dead_letter(event_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a redrive may change.
#[derive(ToSchema)]
#[schema(as = Redrive)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_redrive` reads it")]
pub struct RedriveBody {
    #[schema(minimum = 0, maximum = 9)]
    priority: Option<u8>,
    #[schema(minimum = 0, maximum = 31_536_000, default = 0)]
    delay_seconds: Option<u32>,
    #[schema(minimum = 1, maximum = 43200)]
    visibility_timeout_seconds: Option<u32>,
    retry_policy: Option<policies::RetryPolicyBody>,
}

/// Puts a dead letter back into its queue: the same event, its history, fresh budgets.
#[utoipa::path(
    post, path = "/dead-letters/{event_id}/redrive", operation_id = "redrive_dead_letter", tag = "dead letters", request_body = Option<RedriveBody>,
    params(("event_id" = uuid::Uuid, Path, description = "The event")),
    responses(
        (status = 200, description = "Queued again", body = EventReply),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such event", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Not a dead letter", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not declared as JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Every bad place is named", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No database", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn redrive(State(api): State<Api>, input: Input) -> Result<Json<EventReply>, Problem> {
    let (event_id, overrides) = read_redrive(&input)?;
    api.broker.redrive(event_id, &overrides).await?;
    Ok(Json(EventReply::of(api.broker.read_event(event_id, false).await?)))
}

fn read_redrive(input: &Input) -> Result<(EventId, Overrides), Problem> {
    let reader = input.reader();
    let event_id = reader.path("event_id", parse_uuid).map(EventId);
    reader.caller();
    let mut overrides = Overrides::default();
    if let Some(fields) = reader.optional_body()? {
        let priority = fields.optional("priority", integer(0..=MAX_PRIORITY.into()));
        overrides.priority = priority.and_then(|priority| u8::try_from(priority).ok());
        overrides.delay_seconds = fields.optional("delay_seconds", integer(0..=MAX_DELAY_SECONDS)).unwrap_or(0);
        overrides.visibility_timeout_seconds = fields.optional("visibility_timeout_seconds", visibility_timeout());
        overrides.retry_policy = policies::read(&fields);
        fields.finish();
    }
    reader.finish(|| Some((event_id?, overrides)))
}

fn read_event_id(input: &Input) -> Result<EventId, Problem> {
    let reader = input.reader();
    let event_id = reader.path("event_id", parse_uuid).map(EventId);
    reader.caller();
    reader.finish(|| event_id)
}

/// An event that used up a budget or was refused as hopeless.
#[derive(Serialize, ToSchema)]
#[schema(as = DeadLetter)]
pub struct DeadLetterReply {
    #[schema(value_type = uuid::Uuid)]
    event_id: EventId,
    engine_type: String,
    event_type: String,
    reason: DeadLetterReason,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    payload: Option<RawJson>,
    payload_bytes: i32,
    priority: i16,
    scenario_run_id: Option<String>,
    created_at: DateTime<Utc>,
    dead_lettered_at: DateTime<Utc>,
    attempt: i32,
    failures: i32,
    lease_losses: i32,
    redrives: i32,
    #[schema(value_type = Option<Value>)]
    error: Option<RawJson>,
    error_type: Option<String>,
    engine_software_version: Option<String>,
    #[schema(value_type = Option<uuid::Uuid>)]
    redriven_as: Option<EventId>,
    /// The newest first; only where one dead letter is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<Vec<AttemptReply>>,
}

impl DeadLetterReply {
    fn of(letter: DeadLetter) -> Self {
        Self {
            event_id: letter.event_id,
            engine_type: letter.engine_type,
            event_type: letter.event_type,
            reason: letter.reason,
            payload: letter.payload,
            payload_bytes: letter.payload_bytes,
            priority: letter.priority,
            scenario_run_id: letter.scenario_run_id,
            created_at: letter.created_at,
            dead_lettered_at: letter.dead_lettered_at,
            attempt: letter.attempt,
            failures: letter.failures,
            lease_losses: letter.lease_losses,
            redrives: letter.redrives,
            error: letter.error,
            error_type: letter.error_type,
            engine_software_version: letter.engine_software_version,
            redriven_as: letter.redriven_as,
            attempts: None,
        }
    }
}
