//! `GET /events/{event_id}/payload` and `/result`: the JSON alone, byte for byte as it was sent.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::domain::event::Event;
use crate::domain::ids::EventId;
use crate::http::api::Api;
use crate::http::errors::{Code, Problem};
use crate::http::requests::Input;
use crate::http::requests::texts::parse_uuid;

/// Reads an event's payload alone, byte for byte as it was sent.
#[utoipa::path(
    get, path = "/events/{event_id}/payload", operation_id = "read_event_payload", tag = "events",
    params(("event_id" = uuid::Uuid, Path, description = "The event")),
    responses(
        (status = 200, description = "The payload", body = Value),
        (status = 404, description = "No such event"),
        (status = 422, description = "Not a UUID"),
    )
)]
pub async fn payload(State(api): State<Api>, input: Input) -> Result<Response, Problem> {
    let event = read(&api, &input, true).await?;
    Ok(reply(event.payload.ok_or_else(|| nothing(event.event_id, "payload"))?.get()))
}

/// Reads an event's result alone, byte for byte as it was sent.
#[utoipa::path(
    get, path = "/events/{event_id}/result", operation_id = "read_event_result", tag = "events",
    params(("event_id" = uuid::Uuid, Path, description = "The event")),
    responses(
        (status = 200, description = "The result", body = Value),
        (status = 404, description = "No such event, or it has no result"),
        (status = 422, description = "Not a UUID"),
    )
)]
pub async fn result(State(api): State<Api>, input: Input) -> Result<Response, Problem> {
    let event = read(&api, &input, false).await?;
    Ok(reply(event.result.ok_or_else(|| nothing(event.event_id, "result"))?.get()))
}

async fn read(api: &Api, input: &Input, with_payload: bool) -> Result<Event, Problem> {
    let event_id = {
        let reader = input.reader();
        let event_id = reader.path("event_id", parse_uuid).map(EventId);
        reader.caller();
        reader.finish(|| event_id)?
    };
    Ok(api.broker.read_event(event_id, with_payload).await?)
}

fn reply(json: &str) -> Response {
    ([(CONTENT_TYPE, "application/json")], json.to_owned()).into_response()
}

fn nothing(event_id: EventId, what: &str) -> Problem {
    Problem::new(Code::NotFound, format!("event {event_id} has no {what}"))
}
