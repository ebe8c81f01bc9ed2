//! Leases, tokens and engines of a restored database, by age.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::error::Result;
use crate::domain::tokens::TokenId;

/// A time and the latest sign of any replica, compared with the database's clock.
#[derive(Clone, Copy, Debug, sqlx_macros::FromRow)]
pub struct Standing {
    /// The time is in the future.
    pub is_in_future: bool,
    /// Since a replica last wrote that it is there; `None` where none ever did.
    pub seconds_since_sign: Option<f64>,
}

/// Compares a time, and the latest sign of any replica, with the database's clock.
pub async fn standing(connection: &mut PgConnection, before: DateTime<Utc>) -> Result<Standing> {
    Ok(sqlx::query_as(
        "select $1 > statement_timestamp() as is_in_future,
            (select extract(epoch from statement_timestamp() - last_sign_at)::float8 from eventlease.service_signs)
                as seconds_since_sign",
    )
    .bind(before)
    .fetch_one(connection)
    .await?)
}

/// What is from before a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, sqlx_macros::FromRow)]
pub struct Counts {
    /// Leases granted before it.
    pub leases: i64,
    /// Those of them whose events are cancelled with the lease.
    pub cancelled: i64,
    /// Tokens made before it and not revoked, without those of sessions.
    pub tokens: i64,
    /// Sessions begun before it, or with such a token.
    pub sessions: i64,
    /// Engines that last called before it and are not marked as unresponsive.
    pub engines: i64,
}

/// Counts in one statement what is from before a time.
pub async fn count(connection: &mut PgConnection, before: DateTime<Utc>) -> Result<Counts> {
    Ok(sqlx::query_as(
        "select
            (select count(*) from eventlease.event_leases where leased_at < $1) as leases,
            (select count(*) from eventlease.event_leases where leased_at < $1 and cancel_requested_at is not null)
                as cancelled,
            (select count(*) from eventlease.tokens
                where revoked_at is null and created_at < $1 and session_of is null) as tokens,
            (select count(*) from eventlease.tokens s
                where s.revoked_at is null and s.session_of is not null
                    and (s.created_at < $1 or exists (
                        select from eventlease.tokens t
                        where t.token_id = s.session_of and t.revoked_at is null and t.created_at < $1))) as sessions,
            (select count(*) from eventlease.engine_states
                where status <> 'unresponsive' and last_seen_at < $1) as engines",
    )
    .bind(before)
    .fetch_one(connection)
    .await?)
}

/// Locks up to `limit` tokens that were made before a time and are not revoked: those of sessions, or all others.
pub async fn lock_tokens_made_before(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
    are_sessions: bool,
    limit: u32,
) -> Result<Vec<TokenId>> {
    let tokens: Vec<Uuid> = sqlx::query_scalar(
        "select token_id from eventlease.tokens
         where revoked_at is null and created_at < $1 and (session_of is not null) = $2
         order by created_at, token_id
         limit $3
         for update",
    )
    .bind(before)
    .bind(are_sessions)
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    Ok(tokens.into_iter().map(TokenId).collect())
}

/// Marks up to `limit` engines that last called before a time as unresponsive, and answers how many. Their next call or
/// registration undoes that.
pub async fn mark_engines_unresponsive(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<u64> {
    let done = sqlx::query(
        "with silent as (
             select engine_id from eventlease.engine_states
             where status <> 'unresponsive' and last_seen_at < $1
             order by engine_id
             limit $2
             for no key update
         )
         update eventlease.engine_states s
         set status = 'unresponsive', unresponsive_since = statement_timestamp()
         from silent
         where s.engine_id = silent.engine_id",
    )
    .bind(before)
    .bind(i64::from(limit))
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Whether there has been an admin's token, and none is left that is good and was made at this time or later.
pub async fn lacks_admin(connection: &mut PgConnection, before: DateTime<Utc>) -> Result<bool> {
    Ok(sqlx::query_scalar(
        "select coalesce(not bool_or(session_of is null and revoked_at is null and created_at >= $1
            and (expires_at is null or expires_at > statement_timestamp())), false)
         from eventlease.tokens where role = 'admin'",
    )
    .bind(before)
    .fetch_one(connection)
    .await?)
}

/// Lets the next server that starts with authentication make the first admin's token again.
pub async fn forget_first_admin(connection: &mut PgConnection) -> Result<()> {
    sqlx::query("delete from eventlease.first_admin").execute(connection).await?;
    Ok(())
}
