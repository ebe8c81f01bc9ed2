//! `POST /engines/{engine_id}/drain` and `/resume`.

use axum::Json;
use axum::extract::State;

use super::engine_id::read_engine_id;
use super::reply::EngineReply;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::Input;

/// Gives the engine no more events; it finishes what it holds.
#[utoipa::path(
    post, path = "/engines/{engine_id}/drain", operation_id = "drain_engine", tag = "engines",
    params(("engine_id" = uuid::Uuid, Path, description = "The engine")),
    responses(
        (status = 200, description = "Draining", body = EngineReply),
        (status = 400, description = "Not JSON, or not all of it came"),
        (status = 404, description = "Not registered"),
        (status = 422, description = "Not a UUID"),
    )
)]
pub async fn drain(State(api): State<Api>, input: Input) -> Result<Json<EngineReply>, Problem> {
    set_draining(&api, &input, true).await
}

/// Gives the engine events again.
#[utoipa::path(
    post, path = "/engines/{engine_id}/resume", operation_id = "resume_engine", tag = "engines",
    params(("engine_id" = uuid::Uuid, Path, description = "The engine")),
    responses(
        (status = 200, description = "Active again", body = EngineReply),
        (status = 400, description = "Not JSON, or not all of it came"),
        (status = 404, description = "Not registered"),
        (status = 422, description = "Not a UUID"),
    )
)]
pub async fn resume(State(api): State<Api>, input: Input) -> Result<Json<EngineReply>, Problem> {
    set_draining(&api, &input, false).await
}

async fn set_draining(api: &Api, input: &Input, is_draining: bool) -> Result<Json<EngineReply>, Problem> {
    let (engine_id, _) = read_engine_id(input)?;
    Ok(Json(EngineReply::of(api.broker.set_draining(&input.actor(api), engine_id, is_draining).await?)))
}
