//! Dead letters in bulk: choosing them by a filter, and purging those chosen.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::wanted::bind;
use crate::domain::dead_letters::Filter;
use crate::domain::ids::EventId;
use crate::domain::json::RawJson;
use crate::store::error::Result;

/// The oldest dead letters that a filter lets through, as they stood at one moment.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// All that the filter lets through.
    pub matched: i64,
    /// The oldest first.
    pub event_ids: Vec<EventId>,
    /// By the database's clock.
    pub chosen_at: DateTime<Utc>,
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    matched: i64,
    event_ids: Vec<Uuid>,
    chosen_at: DateTime<Utc>,
}

/// Chooses up to `limit` of them, the oldest first, and counts all.
pub async fn choose(connection: &mut PgConnection, filter: &Filter, limit: u32) -> Result<Chosen> {
    let statement =
        concat!(include_str!("../sql/wanted_dead_letters.sql"), include_str!("../sql/choose_dead_letters.sql"));
    let row: Row = bind(sqlx::query_as(statement), filter).bind(i64::from(limit)).fetch_one(connection).await?;
    Ok(Chosen {
        matched: row.matched,
        event_ids: row.event_ids.into_iter().map(EventId).collect(),
        chosen_at: row.chosen_at,
    })
}

/// A dead letter that comes next.
#[derive(sqlx_macros::FromRow, Clone, Copy, Debug)]
pub struct Next {
    /// The event.
    pub event_id: Uuid,
    /// When it became one.
    pub dead_lettered_at: DateTime<Utc>,
    /// Of its payload as it was sent.
    pub payload_bytes: i32,
}

/// The next dead letters of a filter that died by `died_by`, the oldest first, behind the time and id in `behind`. Its statement is
/// planned for the parts of the filter that are given only in a transaction that plans so.
pub async fn choose_next(
    connection: &mut PgConnection,
    filter: &Filter,
    died_by: DateTime<Utc>,
    behind: Option<(DateTime<Utc>, Uuid)>,
    limit: usize,
) -> Result<Vec<Next>> {
    let statement =
        concat!(include_str!("../sql/wanted_dead_letters.sql"), include_str!("../sql/choose_next_dead_letters.sql"));
    Ok(bind(sqlx::query_as(statement), filter)
        .bind(died_by)
        .bind(behind.map(|(at, _)| at))
        .bind(behind.map(|(_, event_id)| event_id))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await?)
}

/// The payloads of those of them that are dead letters.
pub async fn payloads(connection: &mut PgConnection, event_ids: &[Uuid]) -> Result<HashMap<Uuid, RawJson>> {
    let rows: Vec<(Uuid, Json<RawJson>)> = sqlx::query_as(include_str!("../sql/payloads_of_dead_letters.sql"))
        .bind(event_ids)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|(event_id, Json(payload))| (event_id, payload)).collect())
}

/// Removes dead letters that were chosen then; their events stay `failed`. Answers which there still were.
pub async fn purge(
    connection: &mut PgConnection,
    event_ids: &[EventId],
    chosen_at: DateTime<Utc>,
) -> Result<Vec<EventId>> {
    let event_ids: Vec<Uuid> = event_ids.iter().map(|event_id| event_id.0).collect();
    let purged: Vec<Uuid> = sqlx::query_scalar(include_str!("../sql/purge_dead_letters.sql"))
        .bind(event_ids)
        .bind(chosen_at)
        .fetch_all(connection)
        .await?;
    Ok(purged.into_iter().map(EventId).collect())
}
