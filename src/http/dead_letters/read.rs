//! `GET /dead-letters`, and one of them: read or discarded.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::filter::{self, FilterParameters};
use super::reply::DeadLetterReply;
use crate::domain::dead_letters::DeadLetter;
use crate::domain::ids::EventId;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::events::reply::{AttemptReply, attempt_place};
use crate::http::pages::{self, Page, PageParameters};
use crate::http::requests::Input;
use crate::http::requests::texts::parse_uuid;

/// Lists dead letters, the newest first. A limited token sees those of its engine types.
#[utoipa::path(
    get, path = "/dead-letters", operation_id = "list_dead_letters", tag = "dead letters",
    params(
        FilterParameters,
        ("redrives_max" = Option<u32>, Query, description = "Only redriven at most that often", minimum = 0, maximum = 1_000_000),
        ("include" = Option<String>, Query, description = "`payload`: with payloads"),
        ("view" = Option<String>, Query, description = "`brief`: without errors but for their type and the beginning of their message"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of dead letters", body = Page<DeadLetterReply>),
    )
)]
pub async fn list(State(api): State<Api>, input: Input) -> Result<Json<Page<DeadLetterReply>>, Problem> {
    let reader = input.reader();
    reader.caller();
    let mut filter = filter::of_query(&reader);
    let parts = pages::shown_parts(&reader);
    let asked = pages::asked(&reader, EventId);
    reader.finish(|| Some(()))?;
    input.caller.narrow(&api, &mut filter.engine_type, &mut filter.engine_types)?;
    let found = api.broker.list_dead_letters(&filter, asked.behind, asked.limit, parts).await?;
    let place = |letter: &DeadLetter| pages::cursor(letter.dead_lettered_at, letter.event_id);
    Ok(Json(Page::of_read(found, place, DeadLetterReply::of)))
}

/// Reads a dead letter with its payload and its newest attempts: all of them, where they fit into 4 MiB.
#[utoipa::path(
    get, path = "/dead-letters/{event_id}", operation_id = "read_dead_letter", tag = "dead letters",
    params(("event_id" = uuid::Uuid, Path, description = "The event")),
    responses(
        (status = 200, description = "The dead letter", body = DeadLetterReply),
        (status = 404, description = "No such event"),
        (status = 409, description = "Not a dead letter"),
        (status = 422, description = "Not a UUID"),
    )
)]
pub async fn get(State(api): State<Api>, input: Input) -> Result<Json<DeadLetterReply>, Problem> {
    let event_id = input.read_path("event_id", parse_uuid).map(EventId)?;
    let (dead_letter, attempts) = api.broker.read_dead_letter(event_id).await?;
    let attempts = Page::of_read(attempts, attempt_place, AttemptReply::of);
    Ok(Json(DeadLetterReply::of(dead_letter).with_attempts(attempts)))
}

/// Removes a dead letter for good. Its event stays `failed`.
#[utoipa::path(
    delete, path = "/dead-letters/{event_id}", operation_id = "discard_dead_letter", tag = "dead letters",
    params(("event_id" = uuid::Uuid, Path, description = "The event")),
    responses(
        (status = 204, description = "Gone"),
        (status = 404, description = "No such event"),
        (status = 409, description = "Not a dead letter"),
        (status = 422, description = "Not a UUID"),
    )
)]
pub async fn discard(State(api): State<Api>, input: Input) -> Result<StatusCode, Problem> {
    let event_id = input.read_path("event_id", parse_uuid).map(EventId)?;
    api.broker.discard_dead_letter(&input.actor(&api), event_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
