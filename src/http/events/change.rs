//! `PATCH /events/{event_id}`: a queued event becomes due at another time, or gets another priority.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};

use super::reply::EventReply;
use crate::domain::ids::EventId;
use crate::domain::rescheduling::Reschedule;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::members::priority;
use crate::http::requests::texts::{parse_uuid, time};
use crate::http::requests::values::parsed;
use crate::http::requests::{Fields, Input, described};

described! {
    /// What is to be different about a queued event; at least one member.
    #[schema(as = ChangeEvent, example = json!({"priority": 9, "available_at": "2030-01-31T12:00:00Z"}))]
    pub struct ChangeBody of fields: Fields<'_> {
        priority: Option<u8> = optional(priority),
        /// When it is due; a time in the past means now.
        available_at: Option<DateTime<Utc>> = optional(parsed(time)),
    }
}

/// Changes when a queued event is due, or its priority.
#[utoipa::path(
    patch, path = "/events/{event_id}", operation_id = "change_event", tag = "events", request_body = ChangeBody,
    params(("event_id" = uuid::Uuid, Path, description = "The event")),
    responses(
        (status = 200, description = "Changed", body = EventReply),
        (status = 404, description = "No such event"),
        (status = 409, description = "It is not queued"),
    )
)]
pub async fn change(State(api): State<Api>, input: Input) -> Result<Json<EventReply>, Problem> {
    let (event_id, change) = read(&input)?;
    let event = api.broker.change_event(&input.actor(&api), event_id, &change).await?;
    Ok(Json(EventReply::of(event)))
}

fn read(input: &Input) -> Result<(EventId, Reschedule), Problem> {
    let reader = input.reader();
    let event_id = reader.path("event_id", parse_uuid).map(EventId);
    reader.caller();
    let change = reader.body()?.map(|fields| {
        let body = fields.exactly(ChangeBody::take);
        if fields.says_nothing() {
            fields.refuse("is empty; send priority, available_at or both");
        }
        Reschedule { delay_seconds: None, available_at: body.available_at, priority: body.priority }
    });
    reader.finish(|| Some((event_id?, change?)))
}
