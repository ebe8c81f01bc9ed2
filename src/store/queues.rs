//! Queues: their settings, whether they are paused, how deep they are; below, how they are removed.

pub mod removal;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::page::{PageRow, page, page_of};
use super::{Page, Result};
use crate::domain::limits::MAX_PRIORITY;
use crate::domain::retry_policy::{RetryPolicy, RetryPolicyOverrides};

/// What a queue says for itself; `None` is inherited.
#[derive(Clone, Debug, Default, Serialize)]
pub struct QueueSettings {
    pub default_limit: Option<u32>,
    pub visibility_timeout_seconds: Option<u32>,
    pub max_lease_seconds: Option<u32>,
    pub max_processing: Option<u32>,
    pub retry_policy: Option<RetryPolicyOverrides>,
}

#[derive(Clone, Debug)]
pub struct Pause {
    pub reason: Option<String>,
    pub by: Option<String>,
    pub since: DateTime<Utc>,
    /// It ends then by itself.
    pub resume_at: Option<DateTime<Utc>>,
}

/// A queue with its settings.
#[derive(Clone, Debug)]
pub struct Queue {
    pub engine_type: String,
    pub settings: QueueSettings,
    pub pause: Option<Pause>,
    /// The server's, that holds where the queue's says nothing.
    pub server_policy: RetryPolicyOverrides,
}

impl Queue {
    /// The policy of an event that says nothing for itself.
    pub fn effective_policy(&self) -> RetryPolicy {
        RetryPolicy::resolve([self.settings.retry_policy.as_ref(), Some(&self.server_policy)])
    }
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    engine_type: String,
    default_limit: Option<i32>,
    visibility_timeout_seconds: Option<i32>,
    max_lease_seconds: Option<i32>,
    max_processing: Option<i32>,
    retry_policy: Option<Json<RetryPolicyOverrides>>,
    paused_at: Option<DateTime<Utc>>,
    paused_by: Option<String>,
    pause_reason: Option<String>,
    resume_at: Option<DateTime<Utc>>,
    server_policy: Json<RetryPolicyOverrides>,
}

fn queue(row: Row) -> Queue {
    Queue {
        engine_type: row.engine_type,
        settings: QueueSettings {
            default_limit: row.default_limit.map(i32::cast_unsigned),
            visibility_timeout_seconds: row.visibility_timeout_seconds.map(i32::cast_unsigned),
            max_lease_seconds: row.max_lease_seconds.map(i32::cast_unsigned),
            max_processing: row.max_processing.map(i32::cast_unsigned),
            retry_policy: row.retry_policy.map(|Json(policy)| policy),
        },
        pause: row.paused_at.map(|since| Pause {
            reason: row.pause_reason,
            by: row.paused_by,
            since,
            resume_at: row.resume_at,
        }),
        server_policy: row.server_policy.0,
    }
}

/// Queues behind `behind` in the order of their names, `only` those named there, if it names any; a pause that is over is none.
pub async fn list(
    connection: &mut PgConnection,
    engine_type: Option<&str>,
    behind: Option<&str>,
    limit: u32,
    only: Option<&[String]>,
) -> Result<Vec<Queue>> {
    let rows: Vec<Row> = sqlx::query_as(include_str!("sql/list_queues.sql"))
        .bind(engine_type)
        .bind(behind)
        .bind(i64::from(limit))
        .bind(only)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(queue).collect())
}

/// One queue; `None` where nothing has made it exist.
pub async fn read(connection: &mut PgConnection, engine_type: &str) -> Result<Option<Queue>> {
    Ok(list(connection, Some(engine_type), None, 1, None).await?.pop())
}

/// Makes the queue exist, and locks it.
pub async fn ensure(connection: &mut PgConnection, engine_type: &str) -> Result<()> {
    loop {
        sqlx::query("insert into eventlease.queues (engine_type) values ($1) on conflict (engine_type) do nothing")
            .bind(engine_type)
            .execute(&mut *connection)
            .await?;
        // Else it was just being removed: it can be made again.
        if removal::lock(connection, engine_type).await? {
            return Ok(());
        }
    }
}

/// Writes the settings of a locked queue.
pub async fn write_settings(connection: &mut PgConnection, engine_type: &str, settings: &QueueSettings) -> Result<()> {
    sqlx::query(
        "update eventlease.queues
         set default_limit = $2, visibility_timeout_seconds = $3, max_lease_seconds = $4, max_processing = $5,
             retry_policy = $6::json
         where engine_type = $1",
    )
    .bind(engine_type)
    .bind(settings.default_limit.map(u32::cast_signed))
    .bind(settings.visibility_timeout_seconds.map(u32::cast_signed))
    .bind(settings.max_lease_seconds.map(u32::cast_signed))
    .bind(settings.max_processing.map(u32::cast_signed))
    .bind(settings.retry_policy.as_ref().map(super::policies::to_json))
    .execute(connection)
    .await?;
    Ok(())
}

/// Pauses a locked queue; one that is paused gets the new reason and end.
pub async fn pause(
    connection: &mut PgConnection,
    engine_type: &str,
    by: Option<&str>,
    reason: Option<&str>,
    resume_after_seconds: Option<u32>,
) -> Result<()> {
    sqlx::query(
        "update eventlease.queues
         set paused_at = case when paused_at is null or resume_at <= statement_timestamp()
                 then statement_timestamp() else paused_at end,
             pause_reason = $2,
             paused_by = $4,
             resume_at = statement_timestamp() + make_interval(secs => $3)
         where engine_type = $1",
    )
    .bind(engine_type)
    .bind(reason)
    .bind(resume_after_seconds.map(f64::from))
    .bind(by)
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a pause; `false` where there is no such queue.
pub async fn resume(connection: &mut PgConnection, engine_type: &str) -> Result<bool> {
    let done = sqlx::query(
        "update eventlease.queues
         set paused_at = null, paused_by = null, pause_reason = null, resume_at = null
         where engine_type = $1",
    )
    .bind(engine_type)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What a lease has to know of its queue.
#[derive(Clone, Copy, Debug, Default, sqlx_macros::FromRow)]
pub struct Gate {
    pub is_paused: bool,
    pub default_limit: Option<i32>,
    pub max_processing: Option<i32>,
}

/// Those of queues that exist, by their names.
pub async fn gates(connection: &mut PgConnection, engine_types: &[&str]) -> Result<HashMap<String, Gate>> {
    if engine_types.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(String, bool, Option<i32>, Option<i32>)> = sqlx::query_as(
        "select engine_type, paused_at is not null and (resume_at is null or resume_at > statement_timestamp()),
                default_limit, max_processing
         from eventlease.queues where engine_type = any($1)",
    )
    .bind(engine_types)
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(engine_type, is_paused, default_limit, max_processing)| {
            (engine_type, Gate { is_paused, default_limit, max_processing })
        })
        .collect())
}

/// Locks the queue against other leases of it, and counts what is being processed: in a statement
/// after the lock, so that no lease is missed.
pub async fn count_processing_locked(connection: &mut PgConnection, engine_type: &str) -> Result<u32> {
    sqlx::query("select from eventlease.queues where engine_type = $1 for no key update")
        .bind(engine_type)
        .execute(&mut *connection)
        .await?;
    let count: i32 = sqlx::query_scalar(
        "select count(*)::integer from eventlease.event_queue where engine_type = $1 and state = 'processing'",
    )
    .bind(engine_type)
    .fetch_one(connection)
    .await?;
    Ok(count.cast_unsigned())
}

/// An event as a look at the queue shows it.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct PeekedEvent {
    pub event_id: uuid::Uuid,
    pub event_type: String,
    pub payload: Option<Json<crate::domain::json::RawJson>>,
    pub payload_bytes: i32,
    pub priority: i16,
    pub attempt: i32,
    pub is_suspect: bool,
    pub available_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
}

/// A place in the order of leasing: a priority, when the event was due, and its id.
#[derive(Clone, Copy, Debug)]
pub struct PeekPlace {
    pub priority: u8,
    pub available_at: DateTime<Utc>,
    pub event_id: uuid::Uuid,
}

/// A page of the next events to be leased, without leasing them, behind the last one seen.
pub async fn peek(
    connection: &mut PgConnection,
    engine_type: &str,
    behind: Option<PeekPlace>,
    limit: u32,
    with_payload: bool,
) -> Result<Page<PeekedEvent>> {
    let rows: Vec<PageRow<PeekedEvent>> = sqlx::query_as(page!(
        order by "priority desc, available_at, event_id",
        bytes "case when payload is null then 0 else payload_bytes::bigint end",
        include_str!("sql/peek.sql")
    ))
    .bind(engine_type)
    .bind(i64::from(limit) + 1)
    .bind(with_payload)
    .bind(behind.map_or(i32::from(MAX_PRIORITY), |place| i32::from(place.priority)))
    .bind(behind.map_or(DateTime::UNIX_EPOCH, |place| place.available_at))
    .bind(behind.map_or(uuid::Uuid::nil(), |place| place.event_id))
    .fetch_all(connection)
    .await?;
    page_of(rows, limit, Ok)
}
