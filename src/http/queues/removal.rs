//! `DELETE /queues/{engine_type}`.

use axum::extract::State;
use axum::http::StatusCode;

use crate::domain::names::EngineType;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::Input;

/// Removes a queue that has no open events, engines or dead letters, and with it its settings. Events that have ended stay.
/// The next event, engine or setting makes it again.
#[utoipa::path(
    delete, path = "/queues/{engine_type}", operation_id = "delete_queue", tag = "queues",
    params(("engine_type" = String, Path, description = "The queue")),
    responses(
        (status = 204, description = "Gone"),
        (status = 404, description = "It had no event, engine or setting yet"),
        (status = 409, description = "It has open events, engines or dead letters"),
        (status = 422, description = "Not the name of a queue"),
    )
)]
pub async fn delete(State(api): State<Api>, input: Input) -> Result<StatusCode, Problem> {
    let engine_type = input.read_path("engine_type", EngineType::parse)?;
    api.broker.remove_queue(&input.actor(&api), &engine_type).await?;
    Ok(StatusCode::NO_CONTENT)
}
