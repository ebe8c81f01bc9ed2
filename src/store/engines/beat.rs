//! Heartbeats of many engines at once.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use crate::domain::engine::{Description, HoldingOff, HoldingOffChange};
use crate::domain::ids::{EngineId, EventId};
use crate::domain::orders::Orders;
use crate::store::error::Result;
use crate::store::leases::open_events::Locking;
use crate::store::row::{Field, from_row};

/// One engine's heartbeat.
#[derive(Clone, Copy, Debug)]
pub struct Beat<'a> {
    /// Who sent it.
    pub engine_id: EngineId,
    /// The heartbeat is not taken if the engine is registered as another one.
    pub incarnation: Option<i32>,
    /// As the engine says.
    pub current_workload: Option<u32>,
    /// The static configuration as it was read under the engine's lock, and the dynamic state already merged.
    pub metadata: Option<(&'a str, &'a str)>,
    /// Nothing of what it holds was leased before.
    pub held_since: DateTime<Utc>,
    /// What it says of holding off, if it says anything.
    pub holding_off: Option<&'a HoldingOffChange>,
}

impl<'a> Beat<'a> {
    fn now_holds_off(&self) -> Option<&'a HoldingOff> {
        self.holding_off.and_then(HoldingOffChange::holding_off)
    }
}

/// How an engine stands after its heartbeat.
#[derive(Clone, Debug)]
pub struct Beaten {
    /// Who sent it.
    pub engine_id: EngineId,
    /// The queue it leases from.
    pub engine_type: String,
    /// What it is told.
    pub orders: Orders,
    /// `None`: judged by its leases alone.
    pub heartbeat_timeout_seconds: Option<u32>,
}

/// What there is to tell an engine whose heartbeat waits, and as what it is registered by now.
#[derive(Clone, Debug)]
pub struct CurrentOrders {
    /// Registered.
    pub engine_id: EngineId,
    /// How often it has registered, from 1.
    pub incarnation: i32,
    /// When it last registered.
    pub registered_at: DateTime<Utc>,
    /// What it is told.
    pub orders: Orders,
}

from_row!(CurrentOrders, "engine_states", engine_id: EngineId, { engine_id, incarnation, registered_at, orders });

from_row!(Beaten, "engine_states", engine_id: EngineId, { engine_id, engine_type, orders, heartbeat_timeout_seconds });

impl Field for Orders {
    fn read(row: &PgRow, _: &'static str) -> sqlx::Result<Self> {
        let mut to_cancel: Vec<Uuid> = row.try_get::<Option<_>, _>("events_to_cancel")?.unwrap_or_default();
        to_cancel.sort_unstable();
        Ok(Self {
            status: Field::read(row, "status")?,
            drain: Field::read(row, "drain")?,
            leases_held: Field::read(row, "leases_held")?,
            max_concurrent_events: Field::read(row, "max_concurrent_events")?,
            events_to_cancel: to_cancel.into_iter().map(EventId).collect(),
        })
    }
}

/// What a locked engine says of itself.
#[derive(Debug)]
pub struct Locked {
    /// Locked by this transaction.
    pub engine_id: EngineId,
    /// As it is stored.
    pub description: Description,
    /// How often it has registered, from 1.
    pub incarnation: i32,
    /// When it last registered.
    pub registered_at: DateTime<Utc>,
    /// By the database's clock.
    pub now: DateTime<Utc>,
}

from_row!(Locked, "engine_states", engine_id: EngineId, { engine_id, description, incarnation, registered_at, now });

/// Locks engines, in the order of their ids; unknown ones are missing from the answer.
pub async fn lock(connection: &mut PgConnection, engines: &[EngineId], locking: Locking) -> Result<Vec<Locked>> {
    let ids: Vec<Uuid> = engines.iter().map(|engine| engine.0).collect();
    let statement = match locking {
        Locking::Wait => include_str!("../sql/lock_beating.sql"),
        Locking::SkipLocked => concat!(include_str!("../sql/lock_beating.sql"), include_str!("../sql/skip_locked.sql")),
    };
    Ok(sqlx::query_as(statement).bind(ids).fetch_all(connection).await?)
}

/// Takes heartbeats, of which an engine may have one.
pub async fn beat(connection: &mut PgConnection, beats: &[Beat<'_>]) -> Result<Vec<Beaten>> {
    Ok(sqlx::query_as(include_str!("../sql/beat.sql"))
        .bind(beats.iter().map(|beat| beat.engine_id.0).collect::<Vec<_>>())
        .bind(beats.iter().map(|beat| beat.current_workload.map(u32::cast_signed)).collect::<Vec<_>>())
        .bind(beats.iter().map(|beat| beat.metadata.map(|(static_config, _)| static_config)).collect::<Vec<_>>())
        .bind(beats.iter().map(|beat| beat.metadata.map(|(_, dynamic_state)| dynamic_state)).collect::<Vec<_>>())
        .bind(beats.iter().map(|beat| beat.held_since).collect::<Vec<_>>())
        .bind(beats.iter().map(|beat| beat.holding_off.is_some()).collect::<Vec<_>>())
        .bind(beats.iter().map(|beat| beat.now_holds_off().map(|held| held.until)).collect::<Vec<_>>())
        .bind(beats.iter().map(|beat| beat.now_holds_off().map(|held| held.reason.as_str())).collect::<Vec<_>>())
        .bind(beats.iter().map(|beat| beat.incarnation).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?)
}

/// How engines stand whose heartbeats wait, with since when nothing they hold was leased; unknown ones are missing from the answer.
pub async fn read_orders(
    connection: &mut PgConnection,
    engines: &[(EngineId, DateTime<Utc>)],
) -> Result<Vec<CurrentOrders>> {
    Ok(sqlx::query_as(include_str!("../sql/orders.sql"))
        .bind(engines.iter().map(|(engine_id, _)| engine_id.0).collect::<Vec<_>>())
        .bind(engines.iter().map(|(_, since)| *since).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?)
}
