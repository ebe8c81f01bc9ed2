//! `/dead-letters/{event_id}/redrive`: back into its queue, as it is or with another payload.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::domain::dead_letters::Overrides;
use crate::domain::ids::EventId;
use crate::domain::json::SentJson;
use crate::domain::limits::MAX_DELAY_SECONDS;
use crate::domain::retry_policy::RetryPolicyOverrides;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::events::reply::EventReply;
use crate::http::requests::members::{priority, visibility_timeout};
use crate::http::requests::retry_policy::RetryPolicyBody;
use crate::http::requests::texts::parse_uuid;
use crate::http::requests::values::integer;
use crate::http::requests::{Fields, Input, described};

described! {
    /// What a redrive may change.
    #[derive(Default)]
    #[schema(as = Redrive, example = json!({"priority": 9, "retry_policy": {"max_retries": 1}}))]
    pub struct RedriveBody of fields: Fields<'_> {
        /// Another payload, which makes a new event; null is as if left out.
        payload: Option<SentJson> as Option<Value> = optional(fields.any_json(fields.limits().payload())),
        priority: Option<u8> = optional(priority),
        /// Due at once where it is left out.
        delay_seconds: Option<u32> = optional(integer(0..=MAX_DELAY_SECONDS)),
        visibility_timeout_seconds: Option<u32> = optional(visibility_timeout()),
        retry_policy: Option<RetryPolicyOverrides> as Option<RetryPolicyBody> = part(RetryPolicyBody::whole),
    }
}

/// Puts a dead letter back into its queue: the same event, its history, fresh budgets. With another
/// payload it becomes a new event; the dead letter stays, marked `redriven_as`.
#[utoipa::path(
    post, path = "/dead-letters/{event_id}/redrive", operation_id = "redrive_dead_letter", tag = "dead letters", request_body = Option<RedriveBody>,
    params(("event_id" = uuid::Uuid, Path, description = "The event")),
    responses(
        (status = 200, description = "Queued again", body = EventReply),
        (status = 201, description = "Queued as a new event, with the other payload", body = EventReply, headers(("Location" = String, description = "Where to read the new event"))),
        (status = 404, description = "No such event"),
        (status = 409, description = "Not a dead letter, or redriven as a new event before, or an open event has its unique key"),
    )
)]
pub async fn redrive(State(api): State<Api>, input: Input) -> Result<Response, Problem> {
    let (event_id, body) = read_redrive(&input)?;
    let RedriveBody { payload, priority, delay_seconds, visibility_timeout_seconds, retry_policy } = body;
    let delay_seconds = delay_seconds.unwrap_or(0);
    let overrides = Overrides { priority, visibility_timeout_seconds, retry_policy };
    let by = input.actor(&api);
    if let Some(payload) = payload {
        let new_id = api.broker.redrive_as_new(&by, event_id, &payload, delay_seconds, &overrides).await?;
        let reply = EventReply::of(api.broker.read_event(new_id, false).await?);
        let location = format!("/api/v1/events/{new_id}");
        return Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(reply)).into_response());
    }
    api.broker.redrive(&by, event_id, delay_seconds, &overrides).await?;
    Ok(Json(EventReply::of(api.broker.read_event(event_id, false).await?)).into_response())
}

fn read_redrive(input: &Input) -> Result<(EventId, RedriveBody), Problem> {
    let reader = input.reader();
    let event_id = reader.path("event_id", parse_uuid).map(EventId);
    reader.caller();
    let body = reader.optional_body()?.map(|fields| fields.exactly(RedriveBody::take)).unwrap_or_default();
    reader.finish(|| Some((event_id?, body)))
}
