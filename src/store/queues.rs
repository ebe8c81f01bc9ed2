//! Queues: their settings, whether they are paused, how deep they are; below, how they are removed.

/// What keeps queues, and what becomes of the others.
pub mod removal;
pub mod depth;
/// Versions of engines that are given nothing.
pub mod quarantines;
/// How queues stood, minute by minute.
pub mod history;
/// What happened lately.
pub mod activity;
/// What shows that a queue needs somebody.
pub mod attention;
/// How many queues and event types there may be.
pub mod room;

use std::collections::HashMap;

use chrono::DateTime;
use sqlx::PgConnection;
use uuid::Uuid;

use super::error::Result;
use super::page::{PageRow, page, page_of};
use super::policies;
use super::row::{from_columns, from_row};
use crate::domain::ids::EventId;
use crate::domain::limits::MAX_PRIORITY;
use crate::domain::page::Page;
use crate::domain::queue::{Pause, PeekPlace, PeekedEvent, Queue, QueueSettings};
use crate::domain::retry_policy::RetryPolicyOverrides;

from_row!(Queue, "queues", engine_type: String, { engine_type, settings, pause, quarantines, server_policy });

from_columns!(QueueSettings, {
    default_limit: "default_limit", visibility_timeout_seconds: "visibility_timeout_seconds",
    max_lease_seconds: "max_lease_seconds", max_processing: "max_processing", retry_policy: "retry_policy",
    target_clear_seconds: "target_clear_seconds",
});

from_columns!(Pause, {
    since: "paused_at", reason: "pause_reason", by: "paused_by", resume_at: "resume_at",
});

/// Queues behind `behind` in the order of their names, `only` those named there, if it names any; a pause that is over is none.
pub async fn list(
    connection: &mut PgConnection,
    engine_type: Option<&str>,
    behind: Option<&str>,
    limit: u32,
    only: Option<&[String]>,
) -> Result<Vec<Queue>> {
    Ok(sqlx::query_as(include_str!("sql/list_queues.sql"))
        .bind(engine_type)
        .bind(behind)
        .bind(i64::from(limit))
        .bind(only)
        .fetch_all(connection)
        .await?)
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
             retry_policy = $6::json, target_clear_seconds = $7
         where engine_type = $1",
    )
    .bind(engine_type)
    .bind(settings.default_limit.map(u32::cast_signed))
    .bind(settings.visibility_timeout_seconds.map(u32::cast_signed))
    .bind(settings.max_lease_seconds.map(u32::cast_signed))
    .bind(settings.max_processing.map(u32::cast_signed))
    .bind(settings.retry_policy.as_ref().map(policies::to_json))
    .bind(settings.target_clear_seconds.map(u32::cast_signed))
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
#[derive(Clone, Debug, Default)]
pub struct Gate {
    /// It gives out nothing.
    pub is_paused: bool,
    /// How many events a poll gets that names no limit; `None`: the server's default.
    pub default_limit: Option<i32>,
    /// How many of its events may be leased at a time.
    pub max_processing: Option<i32>,
    /// How long its leases last; `None`: as the server says.
    pub visibility_timeout_seconds: Option<u32>,
    /// How long its leases may be renewed, from their beginning; `None`: as the server says.
    pub max_lease_seconds: Option<u32>,
    /// Its own part of the retry policy.
    pub retry_policy: Option<RetryPolicyOverrides>,
}

from_columns!(Gate, {
    is_paused: "is_paused", default_limit: "default_limit", max_processing: "max_processing",
    visibility_timeout_seconds: "visibility_timeout_seconds", max_lease_seconds: "max_lease_seconds",
    retry_policy: "retry_policy",
});

struct NamedGate {
    engine_type: String,
    gate: Gate,
}

from_row!(NamedGate, "queues", engine_type: String, { engine_type, gate });

/// Those of queues that exist, by their names.
pub async fn gates(connection: &mut PgConnection, engine_types: &[&str]) -> Result<HashMap<String, Gate>> {
    if engine_types.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<NamedGate> = sqlx::query_as(concat!(
        "select u.engine_type,\n",
        include_str!("sql/gate_columns.sql"),
        "from eventlease.queues u where u.engine_type = any($1)"
    ))
    .bind(engine_types)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.engine_type, row.gate)).collect())
}

/// Locks the queue against other leases of it, and counts what is being processed: in a statement
/// after the lock, so that no lease is missed.
pub async fn count_processing_locked(connection: &mut PgConnection, engine_type: &str) -> Result<u32> {
    sqlx::query("select from eventlease.queues where engine_type = $1 for no key update")
        .bind(engine_type)
        .execute(&mut *connection)
        .await?;
    count_processing(connection, engine_type).await
}

/// How many events of the queue engines hold.
pub async fn count_processing(connection: &mut PgConnection, engine_type: &str) -> Result<u32> {
    let count: i32 =
        sqlx::query_scalar(include_str!("sql/count_processing.sql")).bind(engine_type).fetch_one(connection).await?;
    Ok(count.cast_unsigned())
}

from_row!(PeekedEvent, "event_queue", event_id: EventId, {
    event_id, event_type, payload, payload_bytes, priority, attempt, is_suspect, available_at, created_at,
});

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
    .bind(behind.map_or(Uuid::nil(), |place| place.event_id.0))
    .fetch_all(connection)
    .await?;
    Ok(page_of(rows, limit))
}
