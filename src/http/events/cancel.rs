//! `POST /events/{event_id}/cancel` and `POST /scenario-runs/{scenario_run_id}/cancel`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::reply::EventReply;
use crate::domain::event::Status;
use crate::domain::ids::EventId;
use crate::domain::names::ScenarioRunId;
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

/// Cancels all that is open of a scenario run.
#[utoipa::path(
    post, path = "/scenario-runs/{scenario_run_id}/cancel", operation_id = "cancel_scenario_run", tag = "events",
    params(("scenario_run_id" = String, Path, description = "The run")),
    responses(
        (status = 200, description = "How many", body = CancelledReply),
        (status = 422, description = "Not the name of a run"),
    )
)]
pub async fn cancel_run(State(api): State<Api>, input: Input) -> Result<Json<CancelledReply>, Problem> {
    let run = input.read_path("scenario_run_id", ScenarioRunId::parse)?;
    let done = api.broker.cancel_scenario_run(&input.actor(&api), &run).await?;
    Ok(Json(CancelledReply { cancelled: done.cancelled, cancel_requested: done.requested }))
}

#[derive(Serialize, ToSchema)]
#[schema(as = CancelledRun)]
pub struct CancelledReply {
    /// Queued events that are cancelled now.
    cancelled: usize,
    /// Events in engines' hands, which end with their leases.
    cancel_requested: usize,
}
