//! `GET /events/{event_id}` and its attempts.

use std::time::Duration;

use axum::Json;
use axum::extract::State;

use super::reply::{AttemptReply, EventReply, attempt_place};
use crate::domain::ids::EventId;
use crate::domain::limits::MAX_WAIT_SECONDS;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::pages::{self, Page, PageParameters, includes_payload};
use crate::http::requests::Input;
use crate::http::requests::texts::{number_in, parse_uuid};

/// Reads an event: where it stands, and its result or last error; if asked to, when it has ended.
#[utoipa::path(
    get, path = "/events/{event_id}", operation_id = "read_event", tag = "events",
    params(
        ("event_id" = uuid::Uuid, Path, description = "The event"),
        ("include" = Option<String>, Query, description = "`payload`: with the payload"),
        ("wait_seconds" = Option<u32>, Query, description = "Answer when the event is final, or after so many seconds as it stands then"),
    ),
    responses(
        (status = 200, description = "The event", body = EventReply),
        (status = 404, description = "No such event"),
    )
)]
pub async fn get(State(api): State<Api>, input: Input) -> Result<Json<EventReply>, Problem> {
    let reader = input.reader();
    let event_id = reader.path("event_id", parse_uuid).map(EventId);
    reader.caller();
    let with_payload = includes_payload(&reader);
    let wait_seconds = reader.query("wait_seconds", number_in(0..=MAX_WAIT_SECONDS)).unwrap_or(0);
    let event_id = reader.finish(|| event_id)?;
    let wait = Duration::from_secs(wait_seconds.into());
    let caller = input.calling_engine();
    let read = api.broker.read_event_at_its_end(event_id, with_payload, wait, caller).await;
    let event = input.caller.after_wait(&api, read)?;
    Ok(Json(EventReply::of(event)))
}

/// Lists an event's ended attempts, the newest first.
#[utoipa::path(
    get, path = "/events/{event_id}/attempts", operation_id = "list_attempts", tag = "events",
    params(
        ("event_id" = uuid::Uuid, Path, description = "The event"),
        ("view" = Option<String>, Query, description = "`brief`: without results, errors and progress, but for their sizes and the beginning of an error's message"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of attempts", body = Page<AttemptReply>),
        (status = 404, description = "No such event"),
        (status = 422, description = "Not a UUID"),
    )
)]
pub async fn attempts(State(api): State<Api>, input: Input) -> Result<Json<Page<AttemptReply>>, Problem> {
    let reader = input.reader();
    let event_id = reader.path("event_id", parse_uuid).map(EventId);
    let is_brief = pages::is_brief(&reader);
    let limit = pages::limit(&reader);
    // Their numbers are places enough.
    let before = reader.query("cursor", |text| text.parse::<i32>().map_err(|_| pages::BAD_CURSOR));
    reader.caller();
    let event_id = reader.finish(|| event_id)?;
    let found = api.broker.attempts_of_event(event_id, before, limit, is_brief).await?;
    Ok(Json(Page::of_read(found, attempt_place, AttemptReply::of)))
}
