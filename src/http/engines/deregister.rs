//! `DELETE /engines/{engine_id}`.

use axum::extract::State;
use axum::http::StatusCode;

use super::engine_id::read_engine_id;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::Input;

/// Removes an engine. Leaving by itself (`X-Engine-Id`) or while draining, its leases go back and
/// spend nothing; otherwise they are silent losses.
#[utoipa::path(
    delete, path = "/engines/{engine_id}", operation_id = "deregister_engine", tag = "engines",
    params(
        ("engine_id" = uuid::Uuid, Path, description = "The engine"),
        ("X-Engine-Id" = Option<uuid::Uuid>, Header, description = "Who says so: the engine itself, or not"),
    ),
    responses(
        (status = 204, description = "Gone"),
        (status = 404, description = "Not registered"),
        (status = 422, description = "Not a UUID"),
    )
)]
pub async fn deregister(State(api): State<Api>, input: Input) -> Result<StatusCode, Problem> {
    let (engine_id, caller) = read_engine_id(&input)?;
    api.broker.deregister(&input.actor(&api), engine_id, caller).await?;
    Ok(StatusCode::NO_CONTENT)
}
