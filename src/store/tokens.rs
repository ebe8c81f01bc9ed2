//! Bearer tokens, of which only the SHA-256 is kept; below, what is done with many of them, and before there are any.

mod upkeep;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use super::error::{Error, Result};
use super::row::{Field, from_row, unknown};
use crate::domain::access::Role;
use crate::domain::audit::Actor;
use crate::domain::ids::EngineId;
use crate::domain::limits::{MAX_SESSIONS_OF_TOKEN, REPLACED_ENGINE_TOKEN_SECONDS, SESSION_SECONDS};
use crate::domain::names::EngineType;
use crate::domain::tokens::{Filter, Identity, NewToken, Token, TokenDigest, TokenId};

pub use upkeep::*;

/// The channel that announces to replicas that tokens were made or revoked.
pub const CHANNEL: &str = "eventlease_tokens";

from_row!(Token, "tokens", token_id: Uuid, {
    identity, digest, created_at, created_by, expires_at, expires_in_seconds, revoked_at, superseded_at, last_used_at,
});

impl Field for Identity {
    fn read(row: &PgRow, _: &'static str) -> sqlx::Result<Self> {
        let name: String = Field::read(row, "name")?;
        Ok(Self {
            token_id: TokenId(Field::read(row, "token_id")?),
            name: Arc::from(name),
            role: Field::read(row, "role")?,
            engine_id: Field::read(row, "engine_id")?,
            engine_types: Field::read(row, "engine_types")?,
            session_of: Option::<Uuid>::read(row, "session_of")?.map(TokenId),
        })
    }
}

impl Field for TokenDigest {
    fn read(row: &PgRow, _: &'static str) -> sqlx::Result<Self> {
        let sha256: Vec<u8> = row.try_get("sha256")?;
        sha256.try_into().map(Self::from_bytes).map_err(|_| unknown("sha256", "another length"))
    }
}

/// A statement that answers tokens: `$before`, the columns, `$behind`; or a file that ends where the columns begin.
macro_rules! tokens {
    ($file:literal) => {
        concat!(include_str!($file), include_str!("sql/token_columns.sql"))
    };
    ($before:literal, $behind:literal) => {
        concat!($before, "\n", include_str!("sql/token_columns.sql"), $behind)
    };
}

/// Until when a new token is good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Until {
    /// As `NewToken::expires_in_seconds` has it.
    AsNew,
    /// As long as that of its engine, whose place it takes.
    AsOf(TokenId),
}

/// Stores a new token, and notifies the replicas with the commit.
pub async fn insert(
    connection: &mut PgConnection,
    new: &NewToken,
    digest: TokenDigest,
    by: &Actor,
    until: Until,
) -> Result<Token> {
    let engine_types = new.engine_types.as_ref().map(|types| types.iter().map(EngineType::as_str).collect::<Vec<_>>());
    let before = match until {
        Until::AsNew => None,
        Until::AsOf(token_id) => Some(token_id.0),
    };
    let token = sqlx::query_as(tokens!(
        "insert into eventlease.tokens (token_id, name, role, engine_types, engine_id, sha256, created_by,
            created_by_token_id, expires_at, granted_until)
         select $1, $2, $3, $4, $5, $6, $7, $8, until.at, until.at
         from (select case when $10::uuid is null then statement_timestamp() + make_interval(secs => $9)
            else (select granted_until from eventlease.tokens where token_id = $10) end) until (at)
         returning",
        ""
    ))
    .bind(Uuid::new_v4())
    .bind(&new.name)
    .bind(new.role.as_str())
    .bind(engine_types)
    .bind(new.engine_id.map(|engine_id| engine_id.0))
    .bind(digest.as_bytes().as_slice())
    .bind(&by.name)
    .bind(by.token_id.map(|token_id| token_id.0))
    .bind(new.expires_in_seconds.map(f64::from))
    .bind(before)
    .fetch_one(&mut *connection)
    .await?;
    tell(connection).await?;
    Ok(token)
}

/// Whether a token is still good, which nothing changes before the transaction ends. An engine's own is locked as if it were
/// changed, since registering again does; others may be shown by many at once.
pub async fn hold_good(connection: &mut PgConnection, by: TokenId, is_engines: bool) -> Result<bool> {
    let held = if is_engines {
        "select true from eventlease.tokens
         where token_id = $1 and revoked_at is null and (expires_at is null or expires_at > statement_timestamp())
         for update"
    } else {
        "select true from eventlease.tokens
         where token_id = $1 and revoked_at is null and (expires_at is null or expires_at > statement_timestamp())
         for share"
    };
    let held: Option<bool> = sqlx::query_scalar(held).bind(by.0).fetch_optional(connection).await?;
    Ok(held.is_some())
}

async fn tell(connection: &mut PgConnection) -> Result<()> {
    sqlx::query("select pg_notify($1, '')").bind(CHANNEL).execute(connection).await?;
    Ok(())
}

/// Revokes a token, and with it the sessions that began with it; answers it, and then them. Nothing where there is none, or
/// it was revoked before. Notifies the replicas with the commit.
pub async fn revoke(connection: &mut PgConnection, token_id: TokenId) -> Result<Vec<Token>> {
    let mut revoked: Vec<Token> = sqlx::query_as(tokens!(
        "update eventlease.tokens
         set revoked_at = statement_timestamp(), changed_in = pg_current_xact_id()
         where token_id = $1 and revoked_at is null
         returning",
        ""
    ))
    .bind(token_id.0)
    .fetch_all(&mut *connection)
    .await?;
    // In a later statement: a session that was just being made is there once the token's row could be changed.
    let sessions: Vec<Token> =
        sqlx::query_as(tokens!("sql/revoke_sessions.sql")).bind(token_id.0).fetch_all(&mut *connection).await?;
    revoked.extend(sessions);
    tell(connection).await?;
    Ok(revoked)
}

/// A token by its id.
pub async fn read(connection: &mut PgConnection, token_id: TokenId) -> Result<Option<Token>> {
    Ok(sqlx::query_as(tokens!("select", "from eventlease.tokens where token_id = $1"))
        .bind(token_id.0)
        .fetch_optional(connection)
        .await?)
}

/// Whether a token of this digest is there, good or not.
pub async fn is_known(connection: &mut PgConnection, digest: TokenDigest) -> Result<bool> {
    Ok(sqlx::query_scalar("select exists (select from eventlease.tokens where sha256 = $1)")
        .bind(digest.as_bytes().as_slice())
        .fetch_one(connection)
        .await?)
}

/// Makes the token of a session out of the one that began it, which the caller holds: the same caller with the same reach,
/// for `SESSION_SECONDS` at most and no longer than that one. Notifies the replicas with the commit.
pub async fn insert_session(connection: &mut PgConnection, of: TokenId, digest: TokenDigest) -> Result<Token> {
    let token = sqlx::query_as(tokens!("sql/insert_session.sql"))
        .bind(Uuid::new_v4())
        .bind(digest.as_bytes().as_slice())
        .bind(of.0)
        .bind(SESSION_SECONDS)
        .fetch_one(&mut *connection)
        .await?;
    tell(connection).await?;
    Ok(token)
}

/// Ends the oldest sessions of a token beyond as many as it may have, and answers them.
pub async fn end_surplus_sessions(connection: &mut PgConnection, of: TokenId) -> Result<Vec<Token>> {
    Ok(sqlx::query_as(tokens!("sql/end_surplus_sessions.sql"))
        .bind(of.0)
        .bind(MAX_SESSIONS_OF_TOKEN)
        .fetch_all(connection)
        .await?)
}

/// The engine of a token that ended because its engine registered again, and when that was; `None` of any other token.
pub async fn superseded(connection: &mut PgConnection, token_id: TokenId) -> Result<Option<(EngineId, DateTime<Utc>)>> {
    let superseded: Option<(Uuid, DateTime<Utc>)> =
        sqlx::query_as(include_str!("sql/superseded.sql")).bind(token_id.0).fetch_optional(connection).await?;
    Ok(superseded.map(|(engine_id, at)| (EngineId(engine_id), at)))
}

/// Why the tokens of an engine end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EndOfTokens {
    /// The engine is gone: at once.
    Removed,
    /// The engine registered again: at once, except for the token with which it did, which ends a little later.
    Restarted {
        /// That token. `None`: the engine did not show one of its own.
        by: Option<TokenId>,
    },
    /// The engine gets a new token and goes on: a little later, since the engine must first be told the new one.
    Replaced,
}

/// Ends the tokens of an engine, and answers them. What ends a little later is good for as long as the reply with the new
/// token may be lost. Notifies the replicas with the commit.
pub async fn end_of_engine(connection: &mut PgConnection, engine_id: EngineId, why: EndOfTokens) -> Result<Vec<Token>> {
    let (but, is_all_later) = match why {
        EndOfTokens::Removed => (None, false),
        EndOfTokens::Restarted { by } => (by, false),
        EndOfTokens::Replaced => (None, true),
    };
    let is_superseded = matches!(why, EndOfTokens::Restarted { .. });
    let tokens: Vec<Token> = sqlx::query_as(tokens!("sql/end_tokens_of_engine.sql"))
        .bind(engine_id.0)
        .bind(but.map(|token_id| token_id.0))
        .bind(REPLACED_ENGINE_TOKEN_SECONDS)
        .bind(is_all_later)
        .bind(is_superseded)
        .fetch_all(&mut *connection)
        .await?;
    if !tokens.is_empty() {
        tell(connection).await?;
    }
    Ok(tokens)
}

/// A page of tokens behind the place of the last one seen, the newest first.
pub async fn list(
    connection: &mut PgConnection,
    filter: &Filter,
    behind: Option<(DateTime<Utc>, TokenId)>,
    limit: u32,
) -> Result<Vec<Token>> {
    Ok(sqlx::query_as(tokens!(
        "select",
        "from eventlease.tokens
         where ($1::text is null or role = $1) and ($2::text is null or name = $2)
            and ($3::timestamptz is null or (created_at, token_id) < ($3, $4))
            and ($6::text is null or role <> $6)
         order by created_at desc, token_id desc limit $5"
    ))
    .bind(filter.role.map(Role::as_str))
    .bind(&filter.name)
    .bind(behind.map(|(at, _)| at))
    .bind(behind.map(|(_, token_id)| token_id.0))
    .bind(i64::from(limit))
    .bind(filter.except_role.map(Role::as_str))
    .fetch_all(connection)
    .await?)
}

/// All transactions before it had ended when it was read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct Horizon(pub u64);

/// The tokens that were made or revoked by transactions from `since` on, and from where to go on the next time.
pub async fn changed_since(connection: &mut PgConnection, since: Horizon) -> Result<(Vec<Token>, Horizon)> {
    // Before the rows are read: what commits in between is read now, and once more.
    let horizon: String =
        sqlx::query_scalar("select pg_snapshot_xmin(pg_current_snapshot())::text").fetch_one(&mut *connection).await?;
    let horizon = horizon
        .parse()
        .map(Horizon)
        .map_err(|_| Error::corrupt("pg_current_snapshot", "xmin", "the server", &horizon))?;
    let tokens = sqlx::query_as(tokens!("select", "from eventlease.tokens where changed_in >= $1::text::xid8"))
        .bind(since.0.to_string())
        .fetch_all(connection)
        .await?;
    Ok((tokens, horizon))
}
