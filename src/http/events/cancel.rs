//! `POST /events/{event_id}/cancel`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::reply::EventReply;
use crate::domain::event::Status;
use crate::domain::ids::EventId;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::Input;
use crate::http::requests::texts::parse_uuid;

/// Cancels an event. While an engine works on it, the engine hears of it with its next heartbeat or
/// renewal, and the event is cancelled when its lease ends in any way but completion.
#[utoipa::path(
    post, path = "/events/{event_id}/cancel", operation_id = "cancel_event", tag = "events",
    params(("event_id" = uuid::Uuid, Path, description = "The event")),
    responses(
        (status = 200, description = "Cancelled", body = EventReply),
        (status = 202, description = "Asked for: an engine works on it", body = EventReply),
        (status = 404, description = "No such event"),
        (status = 409, description = "It has ended otherwise"),
        (status = 422, description = "Not a UUID"),
    )
)]
pub async fn cancel(State(api): State<Api>, input: Input) -> Result<Response, Problem> {
    let event_id = input.read_path("event_id", parse_uuid).map(EventId)?;
    let event = api.broker.cancel(&input.actor(&api), event_id).await?;
    let status = if event.status == Status::Cancelled { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(EventReply::of(event))).into_response())
}
