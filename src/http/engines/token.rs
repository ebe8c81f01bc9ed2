//! `POST /engines/{engine_id}/token`: a new token for an engine that goes on.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::broker::tokens::EngineToken;
use crate::domain::ids::EngineId;
use crate::domain::tokens::TokenSecret;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::Input;
use crate::http::requests::texts::parse_uuid;
use crate::http::server::ServerReply;

/// Gives an engine a new token, as where its own was revoked or expires: it keeps its incarnation and what it holds. The tokens
/// that it had end a minute later.
///
/// A server without authentication changes nothing, and answers without a token; `server.auth` says so.
#[utoipa::path(
    post, path = "/engines/{engine_id}/token", operation_id = "renew_engine_token", tag = "engines",
    params(("engine_id" = uuid::Uuid, Path, description = "The engine")),
    responses(
        (status = 200, description = "What the engine goes on with", body = EngineTokenReply),
        (status = 400, description = "Not JSON, or not all of it came"),
        (status = 404, description = "Not registered"),
        (status = 422, description = "Not a UUID"),
        (status = 429, description = "There are too many tokens"),
    )
)]
pub async fn renew(State(api): State<Api>, input: Input) -> Result<Response, Problem> {
    let engine_id = input.read_path("engine_id", parse_uuid).map(EngineId)?;
    let renewed = api.broker.renew_engine_token(&input.actor(&api), engine_id).await?;
    let EngineToken { incarnation, engine_token } = renewed;
    let reply = EngineTokenReply { engine_id, incarnation, engine_token, server: ServerReply::of(&api) };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(reply)).into_response())
}

/// What an engine goes on with.
#[derive(Serialize, ToSchema)]
#[schema(as = EngineToken)]
pub struct EngineTokenReply {
    #[schema(value_type = uuid::Uuid)]
    engine_id: EngineId,
    /// As before.
    incarnation: i32,
    /// What the engine is to show from now on. It cannot be read again. Left out where `server.auth` is false: no call needs a
    /// token there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false, pattern = "^el_[0-9a-f]{64}$")]
    engine_token: Option<TokenSecret>,
    server: ServerReply,
}
