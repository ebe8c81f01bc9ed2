//! Removing queues: what keeps one, and what becomes of those that nothing keeps.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::domain::queue::QueueUses;
use crate::store::error::Result;
use crate::store::pool::Pool;
use crate::store::row::from_row;

/// The channel that announces to replicas that a queue was removed, by its name.
pub const CHANNEL: &str = "eventlease_queues";

from_row!(QueueUses, "queues", engine_type: String, {
    engine_type, has_open_events, has_engines, has_dead_letters, has_activity,
});

/// A queue that has a row, or something that keeps one.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct QueueAndUses {
    /// False where only what keeps it is there.
    pub has_row: bool,
    /// What keeps it.
    #[sqlx(flatten)]
    pub uses: QueueUses,
}

/// What keeps these queues; in the order of their names, without those that do not exist.
pub async fn uses(connection: &mut PgConnection, engine_types: &[String]) -> Result<Vec<QueueUses>> {
    Ok(sqlx::query_as(include_str!("../sql/queue_uses.sql")).bind(engine_types).fetch_all(connection).await?)
}

/// What keeps queues, of all that have a row or something that keeps one. Leases that expired before `leases_since` are
/// not seen.
pub async fn uses_of_all(connection: &mut PgConnection, leases_since: DateTime<Utc>) -> Result<Vec<QueueAndUses>> {
    Ok(sqlx::query_as(include_str!("../sql/all_queue_uses.sql")).bind(leases_since).fetch_all(connection).await?)
}

/// Locks a queue; `false` where there is none.
pub async fn lock(connection: &mut PgConnection, engine_type: &str) -> Result<bool> {
    let locked: Option<bool> =
        sqlx::query_scalar("select true from eventlease.queues where engine_type = $1 for update")
            .bind(engine_type)
            .fetch_optional(connection)
            .await?;
    Ok(locked.is_some())
}

/// Removes locked queues with their settings, and notifies the replicas with the commit.
pub async fn remove(connection: &mut PgConnection, engine_types: &[String]) -> Result<()> {
    sqlx::query("delete from eventlease.queues where engine_type = any($1)")
        .bind(engine_types)
        .execute(&mut *connection)
        .await?;
    sqlx::query("select pg_notify($1, engine_type) from unnest($2::text[]) as removed (engine_type)")
        .bind(CHANNEL)
        .bind(engine_types)
        .execute(connection)
        .await?;
    Ok(())
}

/// Makes the rows of these queues where they have none; answers how many.
pub async fn restore(pool: &Pool, engine_types: &[String]) -> Result<u64> {
    if engine_types.is_empty() {
        return Ok(0);
    }
    let inserted = sqlx::query(
        "insert into eventlease.queues (engine_type)
         select engine_type from unnest($1::text[]) as needed (engine_type) order by engine_type
         on conflict (engine_type) do nothing",
    )
    .bind(engine_types)
    .execute(&mut *pool.acquire().await?)
    .await?;
    Ok(inserted.rows_affected())
}

/// Notes since when queues are unused, of those where that has changed. Locked ones are left for the next time.
pub async fn note_unused(pool: &Pool, uses: impl Iterator<Item = &QueueUses>) -> Result<()> {
    let (engine_types, is_used): (Vec<&str>, Vec<bool>) =
        uses.map(|uses| (uses.engine_type.as_str(), uses.is_needed() || uses.has_activity)).unzip();
    sqlx::query(
        "update eventlease.queues u
         set unused_since = case when noted.is_used then null else statement_timestamp() end
         from (
            select q.engine_type, found.is_used
            from unnest($1::text[], $2::boolean[]) as found (engine_type, is_used)
            join eventlease.queues q on q.engine_type = found.engine_type
            where (q.unused_since is null) <> found.is_used
            order by q.engine_type
            for no key update of q skip locked
         ) noted
         where u.engine_type = noted.engine_type",
    )
    .bind(engine_types)
    .bind(is_used)
    .execute(&mut *pool.acquire().await?)
    .await?;
    Ok(())
}

/// Locks queues without settings that have been unused for that many days.
pub async fn lock_long_unused(connection: &mut PgConnection, days: i32, limit: u32) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar(include_str!("../sql/unused_queues.sql"))
        .bind(days)
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?)
}
