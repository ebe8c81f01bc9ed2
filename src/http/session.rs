//! `/session`: who is calling and what they may do, and the sessions of browsers.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::api::Api;
use super::errors::{Code, Problem};
use super::installation::InstallationReply;
use super::requests::Input;
use super::server::ServerReply;
use super::session_cookie;
use crate::domain::access::{About, Operation, Permission, Role};
use crate::domain::ids::EngineId;
use crate::domain::tokens::{Identity, Token};

/// Its routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(create, read, delete))
}

/// Begins a session of a browser, with the token that the request shows.
///
/// The reply sets a cookie, which scripts cannot read; with it and `X-EventLease-Dashboard: 1`, calls need no other token. The
/// session has the name, the role and the engine types of the token, lives for 12 hours at most, and ends with the token. A
/// token has up to 20 sessions: with one more, the oldest ends. A server without authentication answers 200, and sets no cookie.
#[utoipa::path(
    post, path = "/session", operation_id = "create_session", tag = "tokens",
    responses(
        (status = 201, description = "The session has begun, and the reply sets its cookie", body = SessionReply),
        (status = 200, description = "The server asks for no token, and needs no session", body = SessionReply),
        (status = 400, description = "Not JSON, or not all of it came"),
        (status = 403, description = "The token's role has no sessions, or the token is a session's itself"),
        (status = 429, description = "There are too many tokens"),
    )
)]
pub async fn create(State(api): State<Api>, input: Input) -> Result<Response, Problem> {
    input.read_nothing()?;
    let Some(identity) = input.caller.identity() else {
        return Ok(Json(SessionReply::of_anybody(&api)).into_response());
    };
    if identity.is_session() {
        return Err(
            api.refuse(identity, "a session begins no other one, which would outlive it; show the token itself")
        );
    }
    // Before the session begins, so that nothing can fail afterwards.
    let name = session_cookie::name(api.broker.installation_id().await?);
    let (session, secret) = api.broker.begin_session(&input.actor(&api), identity.token_id).await?;
    let cookie = session_cookie::set(&name, &secret, whole_seconds_left(&session), &input.headers);
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, cookie)], Json(SessionReply::of(&api, session, None)))
        .into_response())
}

/// A browser that kept the cookie for longer would show a token that has ended.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of some hours, and not negative")]
fn whole_seconds_left(session: &Token) -> u64 {
    session.expires_in_seconds.unwrap_or(0.0).max(0.0).floor() as u64
}

/// Returns who is calling, what they may do, and what the server is.
#[utoipa::path(
    get, path = "/session", operation_id = "read_session", tag = "tokens",
    responses((status = 200, description = "Who is calling", body = SessionReply))
)]
pub async fn read(State(api): State<Api>, input: Input) -> Result<Json<SessionReply>, Problem> {
    input.read_nothing()?;
    Ok(Json(match input.caller.identity() {
        Some(identity) => {
            let (token, engine_type) = api.broker.read_token(identity.token_id).await?;
            SessionReply::of(&api, token, engine_type)
        }
        None => SessionReply::of_anybody(&api),
    }))
}

/// Ends the session that the request shows, on all replicas within seconds, and has the browser forget its cookie.
#[utoipa::path(
    delete, path = "/session", operation_id = "delete_session", tag = "tokens",
    responses(
        (status = 204, description = "The session has ended"),
        (status = 404, description = "The request shows no session"),
    )
)]
pub async fn delete(State(api): State<Api>, input: Input) -> Result<Response, Problem> {
    input.read_nothing()?;
    let Some(session) = input.caller.identity().filter(|identity| identity.is_session()) else {
        let detail = "this call shows no session; a token is revoked with DELETE /api/v1/tokens/{token_id}";
        return Err(Problem::new(Code::NotFound, detail));
    };
    let name = session_cookie::name(api.broker.installation_id().await?);
    api.broker.end_session(&input.actor(&api), session.token_id).await?;
    let cookie = session_cookie::clear(&name, &input.headers);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// Who is calling, and what they may do.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionReply {
    /// Null where the server asks for no token, as all members down to `expires_at`.
    name: Option<String>,
    role: Option<Role>,
    /// Null: not limited. An engine's token has the type of its engine here.
    engine_types: Option<Vec<String>>,
    /// The engine that the token is for.
    #[schema(value_type = Option<uuid::Uuid>)]
    engine_id: Option<EngineId>,
    /// When the token, or the session, ends by itself. Null: never.
    expires_at: Option<DateTime<Utc>>,
    /// True for the session of a browser, false for any other token.
    is_session: bool,
    /// All that the caller may do, some of it perhaps only with what is its own.
    #[schema(value_type = Vec<Operation>)]
    operations: Vec<&'static str>,
    server: ServerReply,
    installation: InstallationReply,
}

impl SessionReply {
    /// `engine_type`: beside an engine's token, that of the engine.
    fn of(api: &Api, token: Token, engine_type: Option<String>) -> Self {
        let operations = Operation::ALL.iter().filter(|operation| may(&token.identity, **operation));
        let operations = operations.map(|operation| operation.id()).collect();
        let Token { identity, expires_at, .. } = token;
        Self {
            name: Some(identity.name.to_string()),
            role: Some(identity.role),
            engine_id: identity.engine_id,
            expires_at,
            is_session: identity.is_session(),
            engine_types: engine_type.map(|engine_type| vec![engine_type]).or(identity.engine_types),
            operations,
            server: ServerReply::of(api),
            installation: InstallationReply::from(&api.installation),
        }
    }

    /// Where nobody is asked for a token, everybody may do everything but make and revoke tokens.
    fn of_anybody(api: &Api) -> Self {
        let allowed = Operation::ALL
            .iter()
            .filter(|operation| !matches!(operation, Operation::CreateToken | Operation::RevokeToken));
        Self {
            name: None,
            role: None,
            engine_types: None,
            engine_id: None,
            expires_at: None,
            is_session: false,
            operations: allowed.map(|operation| operation.id()).collect(),
            server: ServerReply::of(api),
            installation: InstallationReply::from(&api.installation),
        }
    }
}

/// As `admission` and [`create`] judge it.
fn may(identity: &Identity, operation: Operation) -> bool {
    let is_beyond_limit = operation.about() == About::Everything && identity.is_limited();
    let is_of_tokens_only = operation == Operation::CreateSession && identity.is_session();
    operation.permission(identity.role) != Permission::Nothing && !is_beyond_limit && !is_of_tokens_only
}
