//! Dead letters: list, read, discard; below: in bulk, in groups, and back into their queues.

pub mod redrive;
pub mod bulk;
pub mod groups;
/// Those that have none get theirs.
pub mod fingerprints;
/// Which a filter lets through.
mod wanted;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::error::{Error, Result};
use super::events::attempts::CarriedAttempt;
use super::page::{PageRow, page, page_of};
use super::row::from_row;
use crate::domain::attempt::Attempt;
use crate::domain::dead_letters::{DeadLetter, Filter};
use crate::domain::ids::EventId;
use crate::domain::limits::MAX_PAGE;
use crate::domain::page::{Page, ShownParts};

from_row!(DeadLetter, "dead_letters", event_id: EventId, {
    event_id, engine_type, event_type, reason, payload, payload_bytes, priority, scenario_run_id, created_at,
    dead_lettered_at, attempt, failures, lease_losses, redrives, error, error_type, error_message, error_bytes,
    error_fingerprint, engine_software_version, redriven_from, redriven_as,
});

#[derive(sqlx_macros::FromRow)]
struct RowWithAttempts {
    #[sqlx(flatten)]
    letter: DeadLetter,
    /// The newest first, each as JSON.
    attempts: Vec<String>,
}

/// A page of them, the newest first, behind the place of the last one seen.
pub async fn list(
    connection: &mut PgConnection,
    filter: &Filter,
    behind: Option<(DateTime<Utc>, EventId)>,
    limit: u32,
    parts: ShownParts,
) -> Result<Page<DeadLetter>> {
    let statement = sqlx::query_as(page!(
        order by "dead_lettered_at desc, event_id desc",
        bytes "case when payload is null then 0 else payload_bytes::bigint end + coalesce(octet_length(error::text), 0)",
        include_str!("sql/wanted_dead_letters.sql"),
        include_str!("sql/list_dead_letters.sql")
    ));
    let rows: Vec<PageRow<DeadLetter>> = wanted::bind(statement, filter)
        .bind(behind.map(|(at, _)| at))
        .bind(behind.map(|(_, event_id)| event_id.0))
        .bind(i64::from(limit) + 1)
        .bind(parts.with_payload)
        .bind(parts.is_brief)
        .fetch_all(connection)
        .await?;
    Ok(page_of(rows, limit))
}

/// One dead letter with its payload and its newest attempts, the newest first.
pub async fn read(connection: &mut PgConnection, event_id: EventId) -> Result<Option<(DeadLetter, Page<Attempt>)>> {
    // In one statement: a discard in between would leave half of it.
    let row: Option<RowWithAttempts> = sqlx::query_as(include_str!("sql/read_dead_letter.sql"))
        .bind(event_id.0)
        .bind(i64::from(MAX_PAGE))
        .fetch_optional(&mut *connection)
        .await?;
    let Some(RowWithAttempts { letter, attempts }) = row else { return Ok(None) };
    let items =
        attempts.into_iter().map(|attempt| parse_attempt(event_id, &attempt)).collect::<Result<Vec<Attempt>>>()?;
    // Attempts are numbered from 1 without a gap.
    let has_more = items.last().is_some_and(|oldest| oldest.attempt > 1);
    Ok(Some((letter, Page { items, has_more })))
}

/// Attempts that a dead letter carries, the newest first: up to `limit` of those before attempt `before`.
pub async fn list_attempts(
    connection: &mut PgConnection,
    event_id: EventId,
    before: Option<i32>,
    limit: u32,
) -> Result<Page<Attempt>> {
    let rows: Vec<PageRow<(String,)>> = sqlx::query_as(page!(
        order by "number desc",
        bytes "octet_length(attempt)",
        include_str!("sql/list_carried_attempts.sql")
    ))
    .bind(event_id.0)
    .bind(i64::from(before.unwrap_or(i32::MAX)))
    .bind(i64::from(limit) + 1)
    .fetch_all(connection)
    .await?;
    let Page { items, has_more } = page_of(rows, limit);
    let items = items.into_iter().map(|(attempt,)| parse_attempt(event_id, &attempt)).collect::<Result<_>>()?;
    Ok(Page { items, has_more })
}

fn parse_attempt(event_id: EventId, attempt: &str) -> Result<Attempt> {
    let row: CarriedAttempt = serde_json::from_str(attempt)
        .map_err(|error| Error::corrupt("dead_letters", "attempts", event_id, &error.to_string()))?;
    row.into_attempt(event_id.0)
}

/// Removes a dead letter; its event stays `failed`. `false`: it was none.
pub async fn discard(connection: &mut PgConnection, event_id: EventId) -> Result<bool> {
    let done = sqlx::query("delete from eventlease.dead_letters where event_id = $1")
        .bind(event_id.0)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}
