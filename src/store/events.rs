//! Events as they are read: the facts, and where the event stands, in one snapshot.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::page::{PageRow, page, page_of};
use super::{Error, Page, Result};
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
    pub payload_bytes: u32,
    pub priority: u8,
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

#[derive(sqlx_macros::FromRow)]
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

/// The choice of events, and what is known of each.
macro_rules! with_details {
    ($choice:literal) => {
        concat!(include_str!($choice), include_str!("sql/event_details.sql"))
    };
}

/// One event, wherever it stands; `None` where there is none, or its history has been dropped.
pub async fn read(connection: &mut PgConnection, event_id: EventId, with_payload: bool) -> Result<Option<Event>> {
    let row: Option<Row> = sqlx::query_as(with_details!("sql/read_event.sql"))
        .bind(event_id.0)
        .bind(with_payload)
        .fetch_optional(connection)
        .await?;
    row.map(event).transpose()
}

/// Those of the events that are not open: they have ended, or are not known at all.
pub async fn not_open(connection: &mut PgConnection, events: &[EventId]) -> Result<Vec<EventId>> {
    let ids: Vec<Uuid> = events.iter().map(|event_id| event_id.0).collect();
    let ended: Vec<Uuid> = sqlx::query_scalar(
        "select asked.event_id
         from unnest($1::uuid[]) as asked (event_id)
         where (select true from eventlease.event_queue q where q.event_id = asked.event_id limit 1) is null",
    )
    .bind(ids)
    .fetch_all(connection)
    .await?;
    Ok(ended.into_iter().map(EventId).collect())
}

/// Which events are wanted; `None` is any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub engine_type: Option<String>,
    pub event_type: Option<String>,
    pub status: Option<Status>,
    pub scenario_run_id: Option<String>,
    pub created_after: Option<DateTime<Utc>>,
    pub created_before: Option<DateTime<Utc>>,
    /// Of the callers with that name.
    pub enqueued_by: Option<Arc<str>>,
}

/// An idempotency key may be waited for between the making of an id and its event's time: no longer than a statement
/// may run.
const ID_BEFORE_CREATION: TimeDelta = TimeDelta::minutes(10);

impl Filter {
    /// The ids that events of these times can have, as the lower bound and what they are below.
    fn ids(&self) -> (EventId, EventId) {
        let from = self.created_after.map_or(EventId(Uuid::nil()), |after| EventId::floor(after - ID_BEFORE_CREATION));
        let below = self
            .created_before
            .map_or(EventId(Uuid::max()), |before| EventId::floor(before + TimeDelta::milliseconds(1)));
        (from, below)
    }
}

/// A page of events with all that is known of them.
macro_rules! page_with_details {
    ($choice:literal) => {
        page!(
            order by "event_id desc",
            bytes "case when payload is null then 0 else payload_bytes::bigint end + coalesce(octet_length(result::text), 0)
                + coalesce(octet_length(error::text), 0) + coalesce(octet_length(progress::text), 0)",
            with_details!($choice)
        )
    };
}

/// A page of events, the newest first, behind the last one seen.
pub async fn list(
    connection: &mut PgConnection,
    filter: &Filter,
    behind: Option<EventId>,
    limit: u32,
    with_payload: bool,
) -> Result<Page<Event>> {
    let is_of_run = filter.scenario_run_id.is_some();
    let statement = match filter.status {
        _ if is_of_run => page_with_details!("sql/list_events_of_run.sql"),
        Some(Status::Queued | Status::Processing) => page_with_details!("sql/list_open_events.sql"),
        None | Some(Status::Completed | Status::Failed | Status::Cancelled) => {
            page_with_details!("sql/list_events.sql")
        }
    };
    let (from, below) = filter.ids();
    let query = sqlx::query_as(statement)
        .bind(from.0)
        .bind(behind.map_or(below, |behind| behind.min(below)).0)
        .bind(filter.created_after)
        .bind(filter.created_before)
        .bind(&filter.engine_type)
        .bind(&filter.event_type)
        .bind(filter.status.map(Status::as_str))
        .bind(i64::from(limit) + 1)
        .bind(with_payload);
    let query = if is_of_run { query.bind(&filter.scenario_run_id) } else { query };
    let query = query.bind(filter.enqueued_by.as_deref());
    let rows: Vec<PageRow<Row>> = query.fetch_all(connection).await?;
    page_of(rows, limit, event)
}

fn event(row: Row) -> Result<Event> {
    let corrupt = |table, column, value: &str| Error::corrupt(table, column, row.event_id, value);
    let status = row.status.as_deref();
    Ok(Event {
        event_id: EventId(row.event_id),
        engine_type: row.engine_type,
        event_type: row.event_type,
        status: status
            .and_then(Status::parse)
            .ok_or_else(|| corrupt("event_attempts", "final_status", status.unwrap_or("null")))?,
        payload: row.payload.map(|Json(json)| json),
        payload_bytes: u32::try_from(row.payload_bytes)
            .map_err(|_| corrupt("events", "payload_bytes", &row.payload_bytes.to_string()))?,
        priority: u8::try_from(row.priority).map_err(|_| corrupt("events", "priority", &row.priority.to_string()))?,
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
