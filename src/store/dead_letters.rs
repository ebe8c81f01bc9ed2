//! Dead letters: list, read, discard; below: in bulk, in groups, and back into their queues.

pub mod bulk;
pub mod groups;
pub mod redrive;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use sqlx::types::Json;
use sqlx::{PgConnection, Postgres};
use uuid::Uuid;

use super::attempts::{Attempt, AttemptRow};
use super::page::{PageRow, page, page_of};
use super::{Error, Page, Result};
use crate::domain::ids::EventId;
use crate::domain::json::RawJson;
use crate::domain::limits::MAX_PAGE;
use crate::domain::verdict::DeadLetterReason;

#[derive(Clone, Debug)]
pub struct DeadLetter {
    pub event_id: EventId,
    pub engine_type: String,
    pub event_type: String,
    pub reason: DeadLetterReason,
    pub payload: Option<RawJson>,
    pub payload_bytes: i32,
    pub priority: i16,
    pub scenario_run_id: Option<String>,
    pub created_at: DateTime<Utc>,
    pub dead_lettered_at: DateTime<Utc>,
    pub attempt: i32,
    pub failures: i32,
    pub lease_losses: i32,
    pub redrives: i32,
    pub error: Option<RawJson>,
    pub error_type: Option<String>,
    pub engine_software_version: Option<String>,
    pub redriven_from: Option<EventId>,
    pub redriven_as: Option<EventId>,
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    event_id: Uuid,
    engine_type: String,
    event_type: String,
    reason: String,
    payload: Option<Json<RawJson>>,
    payload_bytes: i32,
    priority: i16,
    scenario_run_id: Option<String>,
    created_at: DateTime<Utc>,
    dead_lettered_at: DateTime<Utc>,
    attempt: i32,
    failures: i32,
    lease_losses: i32,
    redrives: i32,
    error: Option<Json<RawJson>>,
    error_type: Option<String>,
    engine_software_version: Option<String>,
    redriven_from: Option<Uuid>,
    redriven_as: Option<Uuid>,
}

#[derive(sqlx_macros::FromRow)]
struct RowWithAttempts {
    #[sqlx(flatten)]
    row: Row,
    /// The newest first, each as JSON.
    attempts: Vec<String>,
}

/// Which dead letters are wanted; `None` is any.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Filter {
    pub engine_type: Option<String>,
    pub event_type: Option<String>,
    pub reason: Option<DeadLetterReason>,
    pub error_type: Option<String>,
    pub error_contains: Option<String>,
    pub scenario_run_id: Option<String>,
    pub engine_software_version: Option<String>,
    pub dead_lettered_after: Option<DateTime<Utc>>,
    pub dead_lettered_before: Option<DateTime<Utc>>,
    pub redrives_max: Option<i32>,
    /// Without those that were redriven as another event.
    #[serde(skip)]
    pub is_redrivable: bool,
}

type Select<'q, Row> = QueryAs<'q, Postgres, Row, PgArguments>;

impl Filter {
    /// Binds the parameters of `sql/wanted_dead_letters.sql`.
    fn bind<'q, Row>(&self, statement: Select<'q, Row>) -> Select<'q, Row> {
        statement
            .bind(self.engine_type.clone())
            .bind(self.event_type.clone())
            .bind(self.reason.map(DeadLetterReason::as_str))
            .bind(self.error_type.clone())
            .bind(self.error_contains.clone())
            .bind(self.scenario_run_id.clone())
            .bind(self.engine_software_version.clone())
            .bind(self.dead_lettered_after)
            .bind(self.dead_lettered_before)
            .bind(self.redrives_max)
            .bind(self.is_redrivable)
    }
}

/// A page of them, the newest first, behind the place of the last one seen.
pub async fn list(
    connection: &mut PgConnection,
    filter: &Filter,
    behind: Option<(DateTime<Utc>, EventId)>,
    limit: u32,
    with_payload: bool,
) -> Result<Page<DeadLetter>> {
    let rows: Vec<PageRow<Row>> = filter
        .bind(sqlx::query_as(page!(
            order by "dead_lettered_at desc, event_id desc",
            bytes "case when payload is null then 0 else payload_bytes::bigint end + coalesce(octet_length(error::text), 0)",
            include_str!("sql/wanted_dead_letters.sql"),
            include_str!("sql/list_dead_letters.sql")
        )))
        .bind(behind.map(|(at, _)| at))
        .bind(behind.map(|(_, event_id)| event_id.0))
        .bind(i64::from(limit) + 1)
        .bind(with_payload)
        .fetch_all(connection)
        .await?;
    page_of(rows, limit, dead_letter)
}

/// One dead letter with its payload and its newest attempts, the newest first.
pub async fn read(connection: &mut PgConnection, event_id: EventId) -> Result<Option<(DeadLetter, Page<Attempt>)>> {
    // In one statement: a discard in between would leave half of it.
    let row: Option<RowWithAttempts> = sqlx::query_as(include_str!("sql/read_dead_letter.sql"))
        .bind(event_id.0)
        .bind(i64::from(MAX_PAGE))
        .fetch_optional(&mut *connection)
        .await?;
    let Some(RowWithAttempts { row, attempts }) = row else { return Ok(None) };
    let items =
        attempts.into_iter().map(|attempt| parse_attempt(event_id, &attempt)).collect::<Result<Vec<Attempt>>>()?;
    // Attempts are numbered from 1 without a gap.
    let has_more = items.last().is_some_and(|oldest| oldest.attempt > 1);
    Ok(Some((dead_letter(row)?, Page { items, has_more })))
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
    page_of(rows, limit, |(attempt,)| parse_attempt(event_id, &attempt))
}

fn parse_attempt(event_id: EventId, attempt: &str) -> Result<Attempt> {
    let row: AttemptRow = serde_json::from_str(attempt)
        .map_err(|error| Error::corrupt("dead_letters", "attempts", event_id, &error.to_string()))?;
    row.into_attempt(event_id.0)
}

/// The attempts that a dead letter carries, the oldest first.
async fn carried_attempts(connection: &mut PgConnection, event_id: EventId) -> Result<Vec<AttemptRow>> {
    let attempts: String = sqlx::query_scalar("select attempts::text from eventlease.dead_letters where event_id = $1")
        .bind(event_id.0)
        .fetch_one(connection)
        .await?;
    serde_json::from_str(&attempts)
        .map_err(|error| Error::corrupt("dead_letters", "attempts", event_id, &error.to_string()))
}

fn dead_letter(row: Row) -> Result<DeadLetter> {
    Ok(DeadLetter {
        event_id: EventId(row.event_id),
        reason: DeadLetterReason::parse(&row.reason)
            .ok_or_else(|| Error::corrupt("dead_letters", "reason", row.event_id, &row.reason))?,
        engine_type: row.engine_type,
        event_type: row.event_type,
        payload: row.payload.map(|Json(json)| json),
        payload_bytes: row.payload_bytes,
        priority: row.priority,
        scenario_run_id: row.scenario_run_id,
        created_at: row.created_at,
        dead_lettered_at: row.dead_lettered_at,
        attempt: row.attempt,
        failures: row.failures,
        lease_losses: row.lease_losses,
        redrives: row.redrives,
        error: row.error.map(|Json(json)| json),
        error_type: row.error_type,
        engine_software_version: row.engine_software_version,
        redriven_from: row.redriven_from.map(EventId),
        redriven_as: row.redriven_as.map(EventId),
    })
}

/// Removes a dead letter; its event stays `failed`. `false`: it was none.
pub async fn discard(connection: &mut PgConnection, event_id: EventId) -> Result<bool> {
    let done = sqlx::query("delete from eventlease.dead_letters where event_id = $1")
        .bind(event_id.0)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}
