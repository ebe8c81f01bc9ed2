//! `/dead-letters`: list, read, discard; below: in groups, redriven, in bulk.

pub mod bulk;
mod filter;
pub mod groups;
pub mod redrive;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Api;
use super::events::{AttemptReply, attempt_place, includes_payload};
use super::input::{Input, parse_uuid};
use super::pages::{self, Page};
use super::problem::{Problem, ProblemBody};
use crate::domain::dead_letters::DeadLetter;
use crate::domain::ids::EventId;
use crate::domain::json::RawJson;
use crate::domain::verdict::DeadLetterReason;

/// Lists dead letters, the newest first.
#[utoipa::path(
    get, path = "/dead-letters", operation_id = "list_dead_letters", tag = "dead letters",
    params(
        ("engine_type" = Option<String>, Query, description = "Only of that queue"),
        ("event_type" = Option<String>, Query, description = "Only of that event type"),
        ("reason" = Option<DeadLetterReason>, Query, description = "Only for that reason"),
        ("error_type" = Option<String>, Query, description = "Only whose last error had that type", max_length = 200),
        ("error_contains" = Option<String>, Query, description = "Only whose last error's message has that text, in any case", max_length = 200),
        ("scenario_run_id" = Option<String>, Query, description = "Only of that run"),
        ("engine_software_version" = Option<String>, Query, description = "Only last worked on by that version", max_length = 64),
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
    let filter = filter::of_query(&reader);
    let with_payload = includes_payload(&reader);
    let asked = pages::asked(&reader, EventId);
    reader.finish(|| Some(()))?;
    let found = api.broker.list_dead_letters(&filter, asked.behind, asked.limit, with_payload).await?;
    let place = |letter: &DeadLetter| pages::cursor(letter.dead_lettered_at, letter.event_id);
    Ok(Json(Page::of_read(found, place, DeadLetterReply::of)))
}

/// Reads a dead letter with its payload and its newest attempts: all of them, where they fit into 4 MiB.
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
    let Page { items, next_cursor } = Page::of_read(attempts, attempt_place, AttemptReply::of);
    let attempts_next_cursor = Some(json!(next_cursor));
    Ok(Json(DeadLetterReply { attempts: Some(items), attempts_next_cursor, ..DeadLetterReply::of(dead_letter) }))
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
    api.broker.discard_dead_letter(&input.actor(&api), event_id).await?;
    Ok(StatusCode::NO_CONTENT)
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
    #[schema(value_type = Option<Value>, required)]
    error: Option<RawJson>,
    error_type: Option<String>,
    engine_software_version: Option<String>,
    /// The dead letter that this one was made from, with another payload.
    #[schema(value_type = Option<uuid::Uuid>)]
    redriven_from: Option<EventId>,
    /// The event made from this one, with another payload; it cannot be redriven again.
    #[schema(value_type = Option<uuid::Uuid>)]
    redriven_as: Option<EventId>,
    /// The newest first; only where one dead letter is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    attempts: Option<Vec<AttemptReply>>,
    /// For `?cursor=` of the event's attempts, to get the older ones; null where there are none. Only where one dead
    /// letter is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    attempts_next_cursor: Option<Value>,
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
            redriven_from: letter.redriven_from,
            redriven_as: letter.redriven_as,
            attempts: None,
            attempts_next_cursor: None,
        }
    }
}
