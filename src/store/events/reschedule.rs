//! Queued events that are to be due at another time, or with another priority.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::ids::EventId;
use crate::domain::lane::Lane;
use crate::domain::rescheduling::{QueuedFilter, Reschedule};
use crate::store::error::Result;

/// The oldest queued events that a filter lets through, as they stood at one moment.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// All that the filter lets through.
    pub matched: i64,
    /// The oldest first.
    pub event_ids: Vec<EventId>,
    /// By the database's clock.
    pub chosen_at: DateTime<Utc>,
}

/// An event that has another time or priority now.
#[derive(Clone, Debug)]
pub struct Rescheduled {
    /// Which one.
    pub event_id: EventId,
    /// Its queue.
    pub engine_type: String,
    /// What an engine may hold beside it.
    pub lane: Lane,
    /// 0 to 9.
    pub priority: u8,
    /// When it is due.
    pub available_at: DateTime<Utc>,
    /// By the database's clock.
    pub is_due: bool,
}

#[derive(sqlx_macros::FromRow)]
struct ChosenRow {
    matched: i64,
    event_ids: Vec<Uuid>,
    chosen_at: DateTime<Utc>,
}

/// Chooses up to `limit` of those that the change makes a difference to, the oldest first, and counts all. Without a change, it
/// makes one to all of them.
pub async fn choose(
    connection: &mut PgConnection,
    filter: &QueuedFilter,
    change: Option<&Reschedule>,
    limit: u32,
) -> Result<Chosen> {
    let statement = if filter.event_ids.is_some() {
        concat!(include_str!("../sql/queued_by_id.sql"), include_str!("../sql/choose_queued.sql"))
    } else {
        concat!(include_str!("../sql/queued_by_filter.sql"), include_str!("../sql/choose_queued.sql"))
    };
    let ids: Option<Vec<Uuid>> = filter.event_ids.as_ref().map(|ids| ids.iter().map(|id| id.0).collect());
    let row: ChosenRow = sqlx::query_as(statement)
        .bind(&filter.engine_type)
        .bind(&filter.engine_types)
        .bind(&filter.event_type)
        .bind(&filter.scenario_run_id)
        .bind(ids)
        .bind(i64::from(limit))
        .bind(change.and_then(|change| change.available_at))
        .bind(change.and_then(|change| change.priority).map(i16::from))
        .bind(change.is_none_or(|change| change.delay_seconds.is_some()))
        .fetch_one(connection)
        .await?;
    Ok(Chosen {
        matched: row.matched,
        event_ids: row.event_ids.into_iter().map(EventId).collect(),
        chosen_at: row.chosen_at,
    })
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    event_id: Uuid,
    engine_type: String,
    lane: i16,
    priority: i16,
    available_at: DateTime<Utc>,
    is_due: bool,
}

/// Changes those of the events that are queued and that nobody has locked.
pub async fn reschedule(
    connection: &mut PgConnection,
    events: &[EventId],
    change: &Reschedule,
) -> Result<Vec<Rescheduled>> {
    let rows: Vec<Row> = sqlx::query_as(include_str!("../sql/reschedule.sql"))
        .bind(events.iter().map(|event| event.0).collect::<Vec<_>>())
        .bind(change.delay_seconds.map(f64::from))
        .bind(change.available_at)
        .bind(change.priority.map(i16::from))
        .fetch_all(connection)
        .await?;
    let rescheduled = |row: Row| Rescheduled {
        event_id: EventId(row.event_id),
        engine_type: row.engine_type,
        lane: Lane::of_number(row.lane),
        priority: u8::try_from(row.priority).expect("the schema keeps priorities in 0 to 9"),
        available_at: row.available_at,
        is_due: row.is_due,
    };
    Ok(rows.into_iter().map(rescheduled).collect())
}
