//! Tokens counted, noted as used and forgotten; and whether there is a first one.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::ids::EngineId;
use crate::domain::limits::{
    ENDED_SHORT_TOKEN_SECONDS, ENDED_TOKEN_DAYS, ENDED_TOKENS_OF_AN_ENGINE, MAX_SESSIONS_OF_TOKEN,
    SETTLED_TOKEN_SECONDS,
};
use crate::domain::tokens::TokenId;
use crate::store::error::Result;
use crate::store::pool::Pool;

/// Notes that tokens were used since the last time, and answers of which: those that somebody is just registering with, or
/// changing, are left for the next time, since a registration holds one while it waits for others.
pub async fn note_used(pool: &Pool, tokens: &[TokenId]) -> Result<Vec<TokenId>> {
    let noted: Vec<Uuid> = sqlx::query_scalar(
        "update eventlease.tokens t
         set last_used_at = statement_timestamp()
         from (
            select token_id from eventlease.tokens where token_id = any($1) order by token_id
            for no key update skip locked
         ) used
         where t.token_id = used.token_id
         returning t.token_id",
    )
    .bind(tokens.iter().map(|token| token.0).collect::<Vec<_>>())
    .fetch_all(&mut *pool.acquire().await?)
    .await?;
    Ok(noted.into_iter().map(TokenId).collect())
}

/// Ends the tokens of engines that are not registered: whoever removes one in SQL leaves them behind. A registration and its
/// token come with one commit.
pub async fn end_of_missing_engines(pool: &Pool) -> Result<u64> {
    let done = sqlx::query(
        "update eventlease.tokens t
         set revoked_at = statement_timestamp(), changed_in = pg_current_xact_id()
         where t.role = 'engine' and t.revoked_at is null
            and not exists (select from eventlease.engine_states s where s.engine_id = t.engine_id)",
    )
    .execute(&mut *pool.acquire().await?)
    .await?;
    Ok(done.rows_affected())
}

/// Removes what ended long ago.
pub async fn forget_ended(pool: &Pool) -> Result<u64> {
    let done = sqlx::query(
        "delete from eventlease.tokens
         where case when session_of is null then least(revoked_at, expires_at) else expires_at end
             < statement_timestamp() - case
                 when role = 'engine' or session_of is not null then make_interval(secs => $1)
                 else make_interval(days => $2) end",
    )
    .bind(ENDED_SHORT_TOKEN_SECONDS)
    .bind(ENDED_TOKEN_DAYS)
    .execute(&mut *pool.acquire().await?)
    .await?;
    Ok(done.rows_affected())
}

/// Removes what one engine had, but for the latest few. What has just ended stays: a replica that has not read that it did
/// would take it for good.
pub async fn forget_of_engine(connection: &mut PgConnection, engine_id: EngineId) -> Result<()> {
    let statement = include_str!("../sql/forget_tokens_of_engine.sql");
    forget(connection, statement, engine_id.0, ENDED_TOKENS_OF_AN_ENGINE).await
}

/// Removes sessions of a token that have ended, but for the latest few. What has just ended stays, as with engines.
pub async fn forget_sessions(connection: &mut PgConnection, of: TokenId) -> Result<()> {
    forget(connection, include_str!("../sql/forget_sessions.sql"), of.0, MAX_SESSIONS_OF_TOKEN).await
}

async fn forget(connection: &mut PgConnection, statement: &'static str, whose: Uuid, but: i64) -> Result<()> {
    sqlx::query(statement).bind(whose).bind(SETTLED_TOKEN_SECONDS).bind(but).execute(connection).await?;
    Ok(())
}

/// Whether the schema has them.
pub async fn are_kept(pool: &Pool) -> Result<bool> {
    Ok(sqlx::query_scalar("select to_regclass('eventlease.tokens') is not null")
        .fetch_one(&mut *pool.acquire().await?)
        .await?)
}

/// How many are good.
pub async fn count_good(connection: &mut PgConnection) -> Result<i64> {
    let count = "select count(*) from eventlease.tokens
        where revoked_at is null and (expires_at is null or expires_at > statement_timestamp())";
    Ok(sqlx::query_scalar(count).fetch_one(connection).await?)
}

/// Whether it is on this transaction to make the first admin's token: it is nobody else's, and nobody made one by hand.
pub async fn claim_first_admin(connection: &mut PgConnection) -> Result<bool> {
    // Whoever comes second waits here for the first one's commit.
    let claimed = sqlx::query("insert into eventlease.first_admin default values on conflict do nothing")
        .execute(&mut *connection)
        .await?;
    if claimed.rows_affected() == 0 {
        return Ok(false);
    }
    let has_one: bool = sqlx::query_scalar(
        "select exists (select from eventlease.tokens where role = 'admin'
            and revoked_at is null and (expires_at is null or expires_at > statement_timestamp()))",
    )
    .fetch_one(connection)
    .await?;
    Ok(!has_one)
}
