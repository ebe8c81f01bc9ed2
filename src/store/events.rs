//! Events as they are read: the facts, and where the event stands, in one snapshot.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Error, Result};
use crate::domain::event::Status;
use crate::domain::ids::{EngineId, EventId};
use crate::domain::json::RawJson;

#[derive(Clone, Debug)]
pub struct Event {
    pub event_id: EventId,
    pub engine_type: String,
    pub event_type: String,
    pub status: Status,
    pub payload: Option<RawJson>,
    pub payload_bytes: i32,
    pub priority: i16,
    pub scenario_run_id: Option<String>,
    pub created_at: DateTime<Utc>,
    /// While it is open.
    pub available_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    pub attempt: i32,
    pub failures: i32,
    pub lease_losses: i32,
    pub redrives: i32,
    pub leased_by: Option<EngineId>,
    pub is_leased: bool,
    pub lease_expires_at: Option<DateTime<Utc>>,
    pub progress: Option<RawJson>,
    pub result: Option<RawJson>,
    pub error: Option<RawJson>,
    pub dead_letter_reason: Option<String>,
    pub is_cancel_requested: bool,
    pub redriven_from: Option<EventId>,
    pub redriven_as: Option<EventId>,
    pub traceparent: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    event_id: Uuid,
    engine_type: String,
    event_type: String,
    status: Option<String>,
    payload: Option<Json<RawJson>>,
    payload_bytes: i32,
    priority: i16,
    scenario_run_id: Option<String>,
    created_at: DateTime<Utc>,
    available_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    attempt: i32,
    failures: i32,
    lease_losses: i32,
    redrives: i32,
    leased_by: Option<Uuid>,
    is_leased: bool,
    lease_expires_at: Option<DateTime<Utc>>,
    progress: Option<Json<RawJson>>,
    result: Option<Json<RawJson>>,
    error: Option<Json<RawJson>>,
    dead_letter_reason: Option<String>,
    is_cancel_requested: bool,
    redriven_from: Option<Uuid>,
    redriven_as: Option<Uuid>,
    traceparent: Option<String>,
}

/// One event, wherever it stands; `None` where there is none, or its history has been dropped.
pub async fn read(connection: &mut PgConnection, event_id: EventId, with_payload: bool) -> Result<Option<Event>> {
    let row: Option<Row> = sqlx::query_as(include_str!("sql/read_event.sql"))
        .bind(event_id.0)
        .bind(with_payload)
        .fetch_optional(connection)
        .await?;
    row.map(event).transpose()
}

fn event(row: Row) -> Result<Event> {
    let status = row.status.unwrap_or_default();
    Ok(Event {
        event_id: EventId(row.event_id),
        engine_type: row.engine_type,
        event_type: row.event_type,
        status: Status::parse(&status)
            .ok_or_else(|| Error::corrupt("event_attempts", "final_status", row.event_id, &status))?,
        payload: row.payload.map(|Json(json)| json),
        payload_bytes: row.payload_bytes,
        priority: row.priority,
        scenario_run_id: row.scenario_run_id,
        created_at: row.created_at,
        available_at: row.available_at,
        finished_at: row.finished_at,
        attempt: row.attempt,
        failures: row.failures,
        lease_losses: row.lease_losses,
        redrives: row.redrives,
        leased_by: row.leased_by.map(EngineId),
        is_leased: row.is_leased,
        lease_expires_at: row.lease_expires_at,
        progress: row.progress.map(|Json(json)| json),
        result: row.result.map(|Json(json)| json),
        error: row.error.map(|Json(json)| json),
        dead_letter_reason: row.dead_letter_reason,
        is_cancel_requested: row.is_cancel_requested,
        redriven_from: row.redriven_from.map(EventId),
        redriven_as: row.redriven_as.map(EventId),
        traceparent: row.traceparent,
    })
}
