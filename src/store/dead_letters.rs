//! Dead letters: list, read, redrive, discard.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::attempts::{self, Attempt, AttemptRow};
use super::partitions::{self, RETENTION_LOCK};
use super::{Error, Result};
use crate::domain::ids::EventId;
use crate::domain::json::RawJson;
use crate::domain::retry_policy::RetryPolicyOverrides;
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
    pub redriven_as: Option<EventId>,
}

#[derive(sqlx::FromRow)]
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
    redriven_as: Option<Uuid>,
}

#[derive(sqlx::FromRow)]
struct RowWithAttempts {
    #[sqlx(flatten)]
    row: Row,
    carried: String,
}

/// Which dead letters are wanted; `None` is any.
#[derive(Clone, Debug, Default)]
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
}

/// A page of them, the newest first, behind the place of the last one seen.
pub async fn list(
    connection: &mut PgConnection,
    filter: &Filter,
    behind: Option<(DateTime<Utc>, EventId)>,
    limit: u32,
    with_payload: bool,
) -> Result<Vec<DeadLetter>> {
    let rows: Vec<Row> = sqlx::query_as(include_str!("sql/list_dead_letters.sql"))
        .bind(&filter.engine_type)
        .bind(&filter.event_type)
        .bind(filter.reason.map(DeadLetterReason::as_str))
        .bind(&filter.error_type)
        .bind(&filter.error_contains)
        .bind(&filter.scenario_run_id)
        .bind(&filter.engine_software_version)
        .bind(filter.dead_lettered_after)
        .bind(filter.dead_lettered_before)
        .bind(filter.redrives_max)
        .bind(behind.map(|(at, _)| at))
        .bind(behind.map(|(_, event_id)| event_id.0))
        .bind(i64::from(limit))
        .bind(with_payload)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(dead_letter).collect()
}

/// One dead letter with its payload and all its attempts, the newest first.
pub async fn read(connection: &mut PgConnection, event_id: EventId) -> Result<Option<(DeadLetter, Vec<Attempt>)>> {
    // In one statement: a discard in between would leave half of it.
    let row: Option<RowWithAttempts> = sqlx::query_as(
        "select event_id, engine_type, event_type, reason, payload, payload_bytes, priority, scenario_run_id,
            created_at, dead_lettered_at, attempt, failures, lease_losses, redrives, error, error_type,
            engine_software_version, redriven_as, attempts::text as carried
         from eventlease.dead_letters where event_id = $1",
    )
    .bind(event_id.0)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(RowWithAttempts { row, carried }) = row else { return Ok(None) };
    let attempts = parse_carried(event_id, &carried)?;
    let mut attempts =
        attempts.into_iter().map(|attempt| attempt.into_attempt(event_id.0)).collect::<Result<Vec<_>>>()?;
    attempts.reverse();
    Ok(Some((dead_letter(row)?, attempts)))
}

/// The attempts that a dead letter carries, the oldest first.
async fn carried_attempts(connection: &mut PgConnection, event_id: EventId) -> Result<Vec<AttemptRow>> {
    let attempts: String = sqlx::query_scalar("select attempts::text from eventlease.dead_letters where event_id = $1")
        .bind(event_id.0)
        .fetch_one(connection)
        .await?;
    parse_carried(event_id, &attempts)
}

fn parse_carried(event_id: EventId, attempts: &str) -> Result<Vec<AttemptRow>> {
    serde_json::from_str(attempts)
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
        redriven_as: row.redriven_as.map(EventId),
    })
}

/// What a redrive may change of the event.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    pub priority: Option<u8>,
    pub delay_seconds: u32,
    pub visibility_timeout_seconds: Option<u32>,
    pub retry_policy: Option<RetryPolicyOverrides>,
}

#[derive(Clone, Debug)]
pub struct Redriven {
    pub engine_type: String,
    pub priority: u8,
    pub available_at: DateTime<Utc>,
}

/// Puts a dead letter back into its queue, with its id, its history and fresh budgets. `None`: it
/// is none. Must run in a transaction: it keeps the event's partition in place until then.
pub async fn redrive(
    connection: &mut PgConnection,
    event_id: EventId,
    overrides: &Overrides,
) -> Result<Option<Redriven>> {
    sqlx::query(sqlx::AssertSqlSafe(format!("select pg_advisory_xact_lock_shared({RETENTION_LOCK})")))
        .execute(&mut *connection)
        .await?;
    let is_locked: Option<(bool,)> = sqlx::query_as(
        "select exists (select from eventlease.events e where e.event_id = $1)
            and exists (select from eventlease.event_attempts a where a.event_id = $1 and a.attempt = d.attempt)
         from eventlease.dead_letters d where d.event_id = $1 and d.redriven_as is null for update of d",
    )
    .bind(event_id.0)
    .fetch_optional(&mut *connection)
    .await?;
    match is_locked {
        None => return Ok(None),
        Some((true,)) => {}
        Some((false,)) => {
            // Its history was dropped beneath it, or one half of it so far: what it carries goes back.
            partitions::make_for_event(connection, event_id.0).await?;
            sqlx::query(include_str!("sql/restore_event.sql")).bind(event_id.0).execute(&mut *connection).await?;
            let carried = carried_attempts(connection, event_id).await?;
            attempts::restore(connection, event_id, &carried).await?;
        }
    }
    let (engine_type, priority, available_at): (String, i16, DateTime<Utc>) =
        sqlx::query_as(include_str!("sql/redrive.sql"))
            .bind(event_id.0)
            .bind(overrides.priority.map(i16::from))
            .bind(f64::from(overrides.delay_seconds))
            .bind(overrides.visibility_timeout_seconds.map(u32::cast_signed))
            .bind(overrides.retry_policy.as_ref().map(super::policies::to_json))
            .fetch_one(connection)
            .await?;
    let priority = u8::try_from(priority).expect("the schema keeps priorities in 0 to 9");
    Ok(Some(Redriven { engine_type, priority, available_at }))
}

/// Removes a dead letter; its event stays `failed`. `false`: it was none.
pub async fn discard(connection: &mut PgConnection, event_id: EventId) -> Result<bool> {
    let done = sqlx::query("delete from eventlease.dead_letters where event_id = $1")
        .bind(event_id.0)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}
