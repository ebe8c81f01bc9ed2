//! Liveness of the service itself and of its engines.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::ids::EngineId;
use crate::domain::limits::{SERVICE_GAP_SECONDS, SERVICE_HICCUP_SECONDS, SHORT_HEARTBEAT_TIMEOUT_SECONDS};
use crate::store::error::Result;
use crate::store::pool::Pool;
use crate::store::row::from_row;

/// Notes that the service is there. After a gap of more than `SERVICE_GAP_SECONDS` since the
/// last sign of any replica, nobody could have been heard: then a grace begins, for leases and, of
/// its own timeout, for each engine. After a shorter gap, a hiccup, it begins only for engines with
/// a short timeout. Answers the database's time, and since when that grace is.
pub async fn leave_service_sign(pool: &Pool) -> Result<(DateTime<Utc>, Option<DateTime<Utc>>)> {
    Ok(sqlx::query_as(
        "insert into eventlease.service_signs as signs (last_sign_at)
         values (statement_timestamp())
         on conflict (is_only_row) do update
         set grace_since = case
                 when signs.last_sign_at < excluded.last_sign_at - make_interval(secs => $1)
                 then excluded.last_sign_at else signs.grace_since end,
             hiccup_since = case
                 when signs.last_sign_at < excluded.last_sign_at - make_interval(secs => $2)
                 then excluded.last_sign_at else signs.hiccup_since end,
             last_sign_at = greatest(signs.last_sign_at, excluded.last_sign_at)
         returning statement_timestamp(), nullif(grace_since, '-infinity')",
    )
    .bind(f64::from(SERVICE_GAP_SECONDS))
    .bind(SERVICE_HICCUP_SECONDS)
    .fetch_one(&mut *pool.acquire().await?)
    .await?)
}

/// Marks the engines that have sent nothing at all for their heartbeat timeout.
pub async fn mark_unresponsive(pool: &Pool) -> Result<Vec<(EngineId, String)>> {
    let rows: Vec<(Uuid, String)> = sqlx::query_as(include_str!("../sql/mark_unresponsive.sql"))
        .bind(SHORT_HEARTBEAT_TIMEOUT_SECONDS.cast_signed())
        .bind(f64::from(SERVICE_GAP_SECONDS))
        .bind(SERVICE_HICCUP_SECONDS)
        .fetch_all(&mut *pool.acquire().await?)
        .await?;
    Ok(rows.into_iter().map(|(engine_id, engine_type)| (EngineId(engine_id), engine_type)).collect())
}

/// What became of an engine's call.
#[derive(Clone, Copy, Debug)]
pub struct Noted {
    /// Who called.
    pub engine_id: EngineId,
    /// False: somebody has locked the engine, and it is to be noted the next time.
    pub is_written: bool,
    /// `None`: judged by its leases alone.
    pub heartbeat_timeout_seconds: Option<u32>,
}

from_row!(Noted, "engine_states", engine_id: EngineId, { engine_id, is_written, heartbeat_timeout_seconds });

/// A call of an engine.
#[derive(Clone, Copy, Debug)]
pub struct Sign {
    /// The engine that called.
    pub engine_id: EngineId,
    /// True if it asked for events.
    pub has_polled: bool,
    /// True if it settled some.
    pub has_settled: bool,
    /// How long ago it called.
    pub ago: Duration,
}

/// Notes calls of engines. Engines that are not known are missing from the answer.
pub async fn note_signs(connection: &mut PgConnection, signs: &[Sign]) -> Result<Vec<Noted>> {
    Ok(sqlx::query_as(include_str!("../sql/note_signs.sql"))
        .bind(signs.iter().map(|sign| sign.engine_id.0).collect::<Vec<_>>())
        .bind(signs.iter().map(|sign| sign.has_polled).collect::<Vec<_>>())
        .bind(signs.iter().map(|sign| sign.ago.as_secs_f64()).collect::<Vec<_>>())
        .bind(signs.iter().map(|sign| sign.has_settled).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?)
}

/// Removes up to `limit` engines that have been silent for that many days and hold nothing, and their tokens, passing
/// over locked ones.
pub async fn remove_long_silent(connection: &mut PgConnection, days: i32, limit: u32) -> Result<u64> {
    let silent: Vec<Uuid> = sqlx::query_scalar(include_str!("../sql/lock_long_silent.sql"))
        .bind(days)
        .bind(f64::from(SERVICE_GAP_SECONDS))
        .bind(i64::from(limit))
        .fetch_all(&mut *connection)
        .await?;
    if silent.is_empty() {
        return Ok(0);
    }
    // A later statement: an engine may have leased something before it was locked.
    let done = sqlx::query(
        "with gone as (
             delete from eventlease.engine_states s
             where s.engine_id = any($1)
                 and not exists (select from eventlease.event_leases q where q.leased_by = s.engine_id)
             returning s.engine_id
         ),
         ended as (
             update eventlease.tokens t
             set revoked_at = statement_timestamp(), changed_in = pg_current_xact_id()
             from gone where t.engine_id = gone.engine_id and t.revoked_at is null
         )
         select from gone",
    )
    .bind(silent)
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
