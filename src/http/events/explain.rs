//! `GET /events/{event_id}/explain`.

use axum::Json;
use axum::extract::State;

use crate::domain::explain::Explanation;
use crate::domain::ids::EventId;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::examples;
use crate::http::requests::Input;
use crate::http::requests::texts::parse_uuid;

/// Explains why an event is not worked on: reasons in the order in which the service decides, and what to do about each.
///
/// The engines and the depth of its queue are as they were measured some seconds ago, its settings as they are now.
#[utoipa::path(
    get, path = "/events/{event_id}/explain", operation_id = "explain_event", tag = "events",
    params(("event_id" = uuid::Uuid, Path, description = "The event")),
    responses(
        (status = 200, description = "Why it stands as it does", body = Explanation, example = json!(examples::explained_event())),
        (status = 404, description = "No such event"),
        (status = 422, description = "Not a UUID"),
    )
)]
pub async fn explain(State(api): State<Api>, input: Input) -> Result<Json<Explanation>, Problem> {
    let event_id = EventId(input.read_path("event_id", parse_uuid)?);
    let may_know_database = input.caller.engine_types().is_none();
    Ok(Json(api.broker.explain_event(event_id, may_know_database).await?))
}
