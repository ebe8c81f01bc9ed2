//! `/dead-letters/{event_id}/redrive`: back into its queue, as it is or with another payload.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa::ToSchema;

use crate::domain::dead_letters::Overrides;
use crate::domain::ids::EventId;
use crate::domain::json::SentJson;
use crate::domain::limits::MAX_DELAY_SECONDS;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::events::reply::EventReply;
use crate::http::requests::members::{priority, visibility_timeout};
use crate::http::requests::texts::parse_uuid;
use crate::http::requests::values::integer;
use crate::http::requests::{Fields, Input, retry_policy};

/// What a redrive may change.
#[derive(ToSchema)]
#[schema(as = Redrive, example = json!({"priority": 9, "retry_policy": {"max_retries": 1}}))]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_redrive` reads it")]
pub struct RedriveBody {
    /// Another payload, which makes a new event; null is as if left out.
    #[schema(value_type = Option<Value>)]
    payload: Option<serde_json::Value>,
    priority: Option<u8>,
    /// Due at once where it is left out.
    delay_seconds: Option<u32>,
    visibility_timeout_seconds: Option<u32>,
    retry_policy: Option<retry_policy::RetryPolicyBody>,
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
        (status = 409, description = "Not a dead letter, or redriven as a new event before"),
    )
)]
pub async fn redrive(State(api): State<Api>, input: Input) -> Result<Response, Problem> {
    let Redrive { event_id, payload, delay_seconds, overrides } = read_redrive(&input)?;
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

struct Redrive {
    event_id: EventId,
    payload: Option<SentJson>,
    delay_seconds: u32,
    overrides: Overrides,
}

fn read_redrive(input: &Input) -> Result<Redrive, Problem> {
    let reader = input.reader();
    let event_id = reader.path("event_id", parse_uuid).map(EventId);
    reader.caller();
    let (mut payload, mut delay_seconds, mut overrides) = (None, 0, Overrides::default());
    if let Some(fields) = reader.optional_body()? {
        payload = fields.optional("payload", fields.any_json(input.limits.payload()));
        delay_seconds = fields.optional("delay_seconds", integer(0..=MAX_DELAY_SECONDS)).unwrap_or(0);
        overrides = read_overrides(&fields);
        fields.finish();
    }
    reader.finish(|| Some(Redrive { event_id: event_id?, payload, delay_seconds, overrides }))
}

/// Reads what one redrive changes, or a redrive of many.
pub fn read_overrides(fields: &Fields<'_>) -> Overrides {
    Overrides {
        priority: fields.optional("priority", priority),
        visibility_timeout_seconds: fields.optional("visibility_timeout_seconds", visibility_timeout()),
        retry_policy: retry_policy::read(fields),
    }
}
