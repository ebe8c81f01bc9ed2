//! The engines of a claim: locked, checked, and what they hold. What they hold is counted in a later statement than the one
//! that locks them: in the same one, three concurrent polls got 15 events at a limit of 5.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::engine::{EngineStatus, HoldingOff};
use crate::domain::ids::{EngineId, EventId};
use crate::domain::lane::Lane;
use crate::domain::queue::Quarantine;
use crate::store::error::Result;
use crate::store::queues::Gate;
use crate::store::row::from_row;

/// A registered engine, as read under its row lock.
#[derive(Clone, Debug)]
pub struct LockedEngine {
    /// Locked by this transaction.
    pub engine_id: EngineId,
    /// The queue it leases from.
    pub engine_type: String,
    /// Whether it may lease.
    pub status: EngineStatus,
    /// How often it has registered, from 1.
    pub incarnation: i32,
    /// When it last registered.
    pub registered_at: DateTime<Utc>,
    /// As it registered.
    pub engine_software_version: Option<String>,
    /// How many events it may hold at a time; `None`: no limit of its own.
    pub max_concurrent_events: Option<u32>,
    /// The quarantines of the queue of its type where its version is among them; else none.
    pub quarantines: Vec<Quarantine>,
    /// It asked for no events for a while; `None` where it did not, or that is over.
    pub holding_off: Option<HoldingOff>,
    /// How long that lasts yet.
    pub holds_off_seconds: Option<f64>,
    /// Of the queue of its type.
    pub gate: Gate,
}

from_row!(LockedEngine, "engine_states", engine_id: EngineId, {
    engine_id, engine_type, status, incarnation, registered_at, engine_software_version, max_concurrent_events,
    quarantines, holding_off, holds_off_seconds, gate,
});

impl LockedEngine {
    /// That of its version, if there is one.
    #[must_use]
    pub fn quarantine(&self) -> Option<&Quarantine> {
        self.quarantines.iter().find(|known| known.engine_software_version == self.engine_software_version)
    }
}

/// Locks engines, in the order of their ids; unknown ones are missing from the answer. Whoever
/// registers one of them anew, or removes it, waits for this transaction, and the other way round.
pub async fn lock_engines(connection: &mut PgConnection, engines: &[EngineId]) -> Result<Vec<LockedEngine>> {
    let ids: Vec<Uuid> = engines.iter().map(|engine| engine.0).collect();
    Ok(sqlx::query_as(concat!(
        include_str!("../sql/lock_engines.sql"),
        include_str!("../sql/gate_columns.sql"),
        include_str!("../sql/lock_engines_by_id.sql")
    ))
    .bind(ids)
    .fetch_all(connection)
    .await?)
}

/// What one engine holds now.
#[derive(Clone, Debug)]
pub struct Held {
    /// What it holds.
    pub event_ids: Vec<EventId>,
    /// The highest lane of these events; the normal one without any.
    pub highest_lane: Lane,
    /// The polls that were given these leases.
    pub poll_ids: Vec<Uuid>,
    /// The oldest of them is of then; without any, it is now.
    pub since: DateTime<Utc>,
    /// By the database's clock.
    pub counted_at: DateTime<Utc>,
}

impl Held {
    const fn nothing(counted_at: DateTime<Utc>) -> Self {
        Self { event_ids: Vec::new(), highest_lane: Lane::Normal, poll_ids: Vec::new(), since: counted_at, counted_at }
    }

    /// Number of leases held.
    #[must_use]
    pub fn leases(&self) -> u32 {
        u32::try_from(self.event_ids.len()).unwrap_or(u32::MAX)
    }
}

/// Where to count what an engine holds: what was leased since, and of what was leased before, no more than these.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CountFrom {
    /// What was leased from then on is counted.
    pub since: DateTime<Utc>,
    /// What was leased before, and is counted if it is still held.
    pub known: Vec<EventId>,
}

#[derive(sqlx_macros::FromRow)]
struct HeldRow {
    place: Option<i32>,
    event_id: Option<Uuid>,
    lane: Option<i16>,
    poll_id: Option<Uuid>,
    leased_at: DateTime<Utc>,
}

/// Counts what locked engines hold, in their order. Must be a later statement than the one that locked them.
pub async fn count_held(connection: &mut PgConnection, engines: &[(EngineId, CountFrom)]) -> Result<Vec<Held>> {
    if engines.is_empty() {
        return Ok(Vec::new());
    }
    let (mut known, mut places) = (Vec::new(), Vec::new());
    for (place, (_, count_from)) in (1_i32..).zip(engines) {
        known.extend(count_from.known.iter().map(|event_id| event_id.0));
        places.resize(known.len(), place);
    }
    let rows: Vec<HeldRow> = sqlx::query_as(include_str!("../sql/count_held.sql"))
        .bind(engines.iter().map(|(engine_id, _)| engine_id.0).collect::<Vec<_>>())
        .bind(engines.iter().map(|(_, count_from)| count_from.since).collect::<Vec<_>>())
        .bind(known)
        .bind(places)
        .fetch_all(connection)
        .await?;
    let counted_at = rows.iter().find(|row| row.place.is_none()).map_or(DateTime::UNIX_EPOCH, |row| row.leased_at);
    let mut held = vec![Held::nothing(counted_at); engines.len()];
    for row in rows {
        if let (Some(place), Some(event_id)) = (row.place, row.event_id) {
            let held = &mut held[usize::try_from(place - 1).expect("an engine's place")];
            held.event_ids.push(EventId(event_id));
            held.poll_ids.extend(row.poll_id);
            held.highest_lane = held.highest_lane.max(row.lane.map_or(Lane::Normal, Lane::of_number));
            held.since = held.since.min(row.leased_at);
        }
    }
    Ok(held)
}

/// An engine, as far as a waiting poll of it has to know.
#[derive(Debug)]
pub struct EngineCheck {
    /// Registered.
    pub engine_id: EngineId,
    /// The queue it leases from.
    pub engine_type: String,
    /// Whether it may lease.
    pub status: EngineStatus,
    /// How often it has registered, from 1.
    pub incarnation: i32,
    /// It is given nothing: its version is quarantined, or it holds off.
    pub is_kept_out: bool,
    /// It holds something that was leased since.
    pub holds_any: bool,
}

from_row!(EngineCheck, "engine_states", engine_id: EngineId, {
    engine_id, engine_type, status, incarnation, is_kept_out, holds_any,
});

/// Checks engines, and whether they hold anything leased since; unknown ones are missing from the answer.
pub async fn check_engines(
    connection: &mut PgConnection,
    engines: &[EngineId],
    since: &[DateTime<Utc>],
) -> Result<Vec<EngineCheck>> {
    let ids: Vec<Uuid> = engines.iter().map(|engine| engine.0).collect();
    Ok(sqlx::query_as(include_str!("../sql/check_engines.sql")).bind(ids).bind(since).fetch_all(connection).await?)
}
