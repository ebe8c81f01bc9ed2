//! Heartbeats of many engines at once.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::engine::{Description, EngineStatus};
use crate::domain::ids::EngineId;
use crate::store::error::Result;
use crate::store::leases::open_events::Locking;
use crate::store::row::from_row;

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
}

/// How an engine stands after its heartbeat.
#[derive(Clone, Copy, Debug)]
pub struct Beaten {
    /// Who sent it.
    pub engine_id: EngineId,
    /// With the heartbeat.
    pub status: EngineStatus,
    /// It is to take no more events.
    pub is_draining: bool,
    /// How many events it holds.
    pub leases_held: u32,
    /// `None`: judged by its leases alone.
    pub heartbeat_timeout_seconds: Option<u32>,
}

from_row!(Beaten, "engine_states", engine_id: EngineId, {
    engine_id, status, is_draining, leases_held, heartbeat_timeout_seconds,
});

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
}

from_row!(Locked, "engine_states", engine_id: EngineId, { engine_id, description, incarnation, registered_at });

/// Locks engines, in the order of their ids; unknown ones are missing from the answer.
pub async fn lock(connection: &mut PgConnection, engines: &[EngineId], locking: Locking) -> Result<Vec<Locked>> {
    let ids: Vec<Uuid> = engines.iter().map(|engine| engine.0).collect();
    let statement = match locking {
        Locking::Wait => {
            "select engine_id, metadata, incarnation, registered_at from eventlease.engine_states
             where engine_id = any($1) order by engine_id for no key update"
        }
        Locking::SkipLocked => {
            "select engine_id, metadata, incarnation, registered_at from eventlease.engine_states
             where engine_id = any($1) order by engine_id for no key update skip locked"
        }
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
        .bind(beats.iter().map(|beat| beat.incarnation).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?)
}
