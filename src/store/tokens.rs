//! Bearer tokens, of which only the SHA-256 is kept; below, what is done with many of them, and before there are any.

mod upkeep;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Error, Result};
use crate::domain::access::Role;
use crate::domain::audit::Actor;
use crate::domain::ids::EngineId;
use crate::domain::limits::REPLACED_ENGINE_TOKEN_SECONDS;
use crate::domain::names::EngineType;
use crate::domain::tokens::{Identity, NewToken, TokenDigest, TokenId};

pub use upkeep::*;

/// Where replicas are told that tokens were made or revoked.
pub const CHANNEL: &str = "eventlease_tokens";

#[derive(Clone, Debug)]
pub struct Token {
    pub identity: Identity,
    pub digest: TokenDigest,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
    pub expires_at: Option<DateTime<Utc>>,
    /// By the database's clock, when it was read; negative where it is over.
    pub expires_in_seconds: Option<f64>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Whether a token is good.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    Active,
    Expired,
    Revoked,
}

impl TokenState {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl Token {
    #[must_use]
    pub fn state(&self) -> TokenState {
        match (self.revoked_at, self.expires_in_seconds) {
            (Some(_), _) => TokenState::Revoked,
            (None, Some(left)) if left <= 0.0 => TokenState::Expired,
            (None, _) => TokenState::Active,
        }
    }
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    token_id: Uuid,
    name: String,
    role: String,
    engine_types: Option<Vec<String>>,
    engine_id: Option<Uuid>,
    sha256: Vec<u8>,
    created_at: DateTime<Utc>,
    created_by: String,
    expires_at: Option<DateTime<Utc>>,
    expires_in_seconds: Option<f64>,
    revoked_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
}

/// A statement that answers tokens: `$before`, the columns, `$behind`.
macro_rules! tokens {
    ($before:literal, $behind:literal) => {
        concat!(
            $before,
            " token_id, name, role, engine_types, engine_id, sha256, created_at, created_by, expires_at,
                extract(epoch from expires_at - statement_timestamp())::float8 as expires_in_seconds,
                revoked_at, last_used_at ",
            $behind
        )
    };
}

fn token(row: Row) -> Result<Token> {
    let corrupt = |column, value: &str| Error::corrupt("tokens", column, row.token_id, value);
    Ok(Token {
        identity: Identity {
            token_id: TokenId(row.token_id),
            name: Arc::from(row.name.as_str()),
            role: Role::parse(&row.role).ok_or_else(|| corrupt("role", &row.role))?,
            engine_id: row.engine_id.map(EngineId),
            engine_types: row.engine_types,
        },
        digest: row.sha256.try_into().map(TokenDigest::from_bytes).map_err(|_| corrupt("sha256", "another length"))?,
        created_at: row.created_at,
        created_by: row.created_by,
        expires_at: row.expires_at,
        expires_in_seconds: row.expires_in_seconds,
        revoked_at: row.revoked_at,
        last_used_at: row.last_used_at,
    })
}

/// Until when a token is good, where it is not told in seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Until {
    /// As `NewToken::expires_in_seconds` has it.
    AsNew,
    /// As long as that of its engine, whose place it takes.
    AsOf(TokenId),
}

/// Keeps a new token, and tells the replicas of it with the commit.
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
    let row: Row = sqlx::query_as(tokens!(
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
    token(row)
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

/// Revokes a token; `None` where there is none, or it was revoked before. Tells the replicas with the commit.
pub async fn revoke(connection: &mut PgConnection, token_id: TokenId) -> Result<Option<Token>> {
    let row: Option<Row> = sqlx::query_as(tokens!(
        "update eventlease.tokens
         set revoked_at = statement_timestamp(), changed_in = pg_current_xact_id()
         where token_id = $1 and revoked_at is null
         returning",
        ""
    ))
    .bind(token_id.0)
    .fetch_optional(&mut *connection)
    .await?;
    tell(connection).await?;
    row.map(token).transpose()
}

/// Ends what an engine had, and answers it: it is gone, or gets a new one. The one in `but`, with which it asked for that, ends
/// a little later: the reply may not have reached it. Tells the replicas with the commit.
pub async fn end_of_engine(
    connection: &mut PgConnection,
    engine_id: EngineId,
    but: Option<TokenId>,
) -> Result<Vec<Token>> {
    let rows: Vec<Row> = sqlx::query_as(tokens!(
        "update eventlease.tokens
         set revoked_at = case when token_id = $2 then null else statement_timestamp() end,
             expires_at = case when token_id = $2
                then least(expires_at, statement_timestamp() + make_interval(secs => $3)) else expires_at end,
             changed_in = pg_current_xact_id()
         where engine_id = $1 and revoked_at is null
         returning",
        ""
    ))
    .bind(engine_id.0)
    .bind(but.map(|token_id| token_id.0))
    .bind(REPLACED_ENGINE_TOKEN_SECONDS)
    .fetch_all(&mut *connection)
    .await?;
    if !rows.is_empty() {
        tell(connection).await?;
    }
    rows.into_iter().map(token).collect()
}

/// Which tokens are wanted; `None` is any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub role: Option<Role>,
    /// Those of this role are not.
    pub except_role: Option<Role>,
    pub name: Option<String>,
}

/// A page of tokens behind the place of the last one seen, the newest first.
pub async fn list(
    connection: &mut PgConnection,
    filter: &Filter,
    behind: Option<(DateTime<Utc>, TokenId)>,
    limit: u32,
) -> Result<Vec<Token>> {
    let rows: Vec<Row> = sqlx::query_as(tokens!(
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
    .await?;
    rows.into_iter().map(token).collect()
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
    let rows: Vec<Row> = sqlx::query_as(tokens!("select", "from eventlease.tokens where changed_in >= $1::text::xid8"))
        .bind(since.0.to_string())
        .fetch_all(connection)
        .await?;
    Ok((rows.into_iter().map(token).collect::<Result<_>>()?, horizon))
}
