//! `/tokens`: for admins.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::access::Role;
use crate::domain::ids::EngineId;
use crate::domain::limits::{MAX_TOKEN_ENGINE_TYPES, MAX_TOKEN_NAME_CHARS, MAX_TOKEN_SECONDS};
use crate::domain::names::EngineType;
use crate::domain::tokens::{Filter, Token, TokenState};
use crate::domain::tokens::{NewToken, TokenId, TokenSecret};
use crate::http::api::Api;
use crate::http::errors::{Code, Problem};
use crate::http::pages::{self, Page, PageParameters};
use crate::http::requests::texts::{parse_uuid, text_up_to};
use crate::http::requests::values::{array, checked_text, integer, parsed, uuid};
use crate::http::requests::{Fields, Input, described};
use crate::http::shown::shown;

described! {
    /// A token to make.
    #[schema(as = NewToken, example = json!({"name": "shop", "role": "producer", "engine_types": ["dialogue"]}))]
    pub struct NewTokenBody of fields: Fields<'_> {
        /// Who will show it. Tokens of one name are one caller: so one takes another's place.
        name: Option<String> as String = required(checked_text(MAX_TOKEN_NAME_CHARS)),
        role: Option<Role> as Role = required(parsed(role)),
        /// It has to do with these only. Required for a registrar; not for an engine or an admin.
        engine_types: Option<Vec<EngineType>> =
            items(MAX_TOKEN_ENGINE_TYPES, |raw| parsed(EngineType::parse)(raw)),
        /// Of a registered engine: for the role engine, and required there.
        engine_id: Option<uuid::Uuid> = optional(uuid),
        expires_in_seconds: Option<u32> = optional(integer(1..=MAX_TOKEN_SECONDS)),
    }
}

/// Makes a token. The reply shows it; nothing ever does again.
#[utoipa::path(
    post, path = "/tokens", operation_id = "create_token", tag = "tokens", request_body = NewTokenBody,
    responses(
        (status = 201, description = "Made", body = CreatedTokenReply),
        (status = 403, description = "Without authentication on this server, or not allowed by the token"),
        (status = 404, description = "The engine is not registered"),
        (status = 429, description = "There are too many tokens"),
    )
)]
pub async fn create(State(api): State<Api>, input: Input) -> Result<Response, Problem> {
    refuse_anybody(&input)?;
    let new = read_token(&input)?;
    let (token, secret) = api.broker.create_token(&input.actor(&api), &new).await?;
    let reply = CreatedTokenReply { token: secret, about: TokenReply::of(token) };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(reply)).into_response())
}

/// Where nobody is asked for a token, anybody could make one that is good when they are.
fn refuse_anybody(input: &Input) -> Result<(), Problem> {
    if input.caller.identity().is_some() {
        return Ok(());
    }
    let detail = "this server runs without authentication, and so cannot tell who may make and revoke tokens; \
                  `eventlease token`, with --database-url, can";
    Err(Problem::new(Code::Forbidden, detail))
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| format!("must be one of {}", Role::ALL.map(Role::as_str).join(", ")))
}

fn read_token(input: &Input) -> Result<NewToken, Problem> {
    let reader = input.reader();
    reader.caller();
    let read = reader.body()?.and_then(|fields| {
        let body = fields.exactly(NewTokenBody::take);
        if fields.peek("engine_types", |raw| array(raw, MAX_TOKEN_ENGINE_TYPES).map(|items| items.is_empty()))
            == Some(true)
        {
            fields.error("engine_types", "is empty; leave it out where the token is not to be limited");
        }
        let NewTokenBody { name, role, engine_types, engine_id, expires_in_seconds } = body;
        let engine_id = engine_id.map(EngineId);
        // What could not be read is named already, and is not missing.
        let new = NewToken { name: name?, role: role?, engine_types, engine_id, expires_in_seconds };
        let is_unread = |member: &str| match member {
            "engine_types" => new.engine_types.is_none() && fields.is_given(member),
            "engine_id" => new.engine_id.is_none() && fields.is_given(member),
            _ => false,
        };
        for (member, detail) in new.contradictions().into_iter().filter(|(member, _)| !is_unread(member)) {
            fields.error(member, detail);
        }
        Some(new)
    });
    reader.finish(|| read)
}

/// Lists tokens, the newest first; those that have ended are there for some time.
#[utoipa::path(
    get, path = "/tokens", operation_id = "list_tokens", tag = "tokens",
    params(
        ("role" = Option<Role>, Query, description = "Only of that role"),
        ("except_role" = Option<Role>, Query, description = "Only of other roles than that one, as `engine`: each registered engine has a token of its own"),
        ("name" = Option<String>, Query, description = "Only of that name"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of tokens", body = Page<TokenReply>),
    )
)]
pub async fn list(State(api): State<Api>, input: Input) -> Result<Json<Page<TokenReply>>, Problem> {
    let reader = input.reader();
    reader.caller();
    let filter = Filter {
        role: reader.query("role", role),
        except_role: reader.query("except_role", role),
        name: reader.query("name", text_up_to(MAX_TOKEN_NAME_CHARS)),
    };
    let asked = pages::asked(&reader, TokenId);
    reader.finish(|| Some(()))?;
    let found = api.broker.list_tokens(&filter, asked.behind, asked.limit + 1).await?;
    let place = |token: &Token| pages::cursor(token.created_at, token.identity.token_id);
    Ok(Json(Page::of(found, asked.limit, place, TokenReply::of)))
}

/// Revokes a token: on all replicas within seconds.
#[utoipa::path(
    delete, path = "/tokens/{token_id}", operation_id = "revoke_token", tag = "tokens",
    params(("token_id" = uuid::Uuid, Path, description = "The token's id, which is not the token")),
    responses(
        (status = 204, description = "Revoked"),
        (status = 403, description = "Without authentication on this server, or not allowed by the token"),
        (status = 404, description = "No such token, or it was revoked before"),
        (status = 422, description = "Not a UUID"),
    )
)]
pub async fn revoke(State(api): State<Api>, input: Input) -> Result<StatusCode, Problem> {
    refuse_anybody(&input)?;
    let token_id = input.read_path("token_id", parse_uuid).map(TokenId)?;
    api.broker.revoke_token(&input.actor(&api), token_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A token that was made.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedToken)]
pub struct CreatedTokenReply {
    /// To be shown as `Authorization: Bearer …`. It cannot be read again.
    #[schema(value_type = String, pattern = "^el_[0-9a-f]{64}$")]
    token: TokenSecret,
    #[serde(flatten)]
    about: TokenReply,
}

shown! {
    /// What is known of a token.
    #[schema(as = Token)]
    pub struct TokenReply of token: Token {
        #[schema(value_type = uuid::Uuid)]
        token_id: TokenId = token.identity.token_id,
        name: String = token.identity.name.to_string(),
        role: Role = token.identity.role,
        /// Null: not limited. Also null for an engine's token, which reaches the type of its engine.
        engine_types: Option<Vec<String>> = token.identity.engine_types.clone(),
        #[schema(value_type = Option<uuid::Uuid>)]
        engine_id: Option<EngineId> = token.identity.engine_id,
        /// Of the session of a browser: the token that it began with, and ends with. Null for all others.
        #[schema(value_type = Option<uuid::Uuid>)]
        session_of: Option<TokenId> = token.identity.session_of,
        state: TokenState = token.state(),
        created_at: DateTime<Utc>,
        created_by: String,
        expires_at: Option<DateTime<Utc>>,
        revoked_at: Option<DateTime<Utc>>,
        /// To about a minute.
        last_used_at: Option<DateTime<Utc>>,
    }
}
