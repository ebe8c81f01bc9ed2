//! Heartbeats of many engines at once.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::metadata::StoredMetadata;
use crate::domain::engine::EngineStatus;
use crate::domain::ids::EngineId;
use crate::domain::json::RawJson;
use crate::store::open_events::Locking;
use crate::store::{Error, Result};

/// One engine's heartbeat.
#[derive(Clone, Copy, Debug)]
pub struct Beat<'a> {
    pub engine_id: EngineId,
    pub current_workload: Option<u32>,
    /// The static configuration as it was read under the engine's lock, and the dynamic state already merged.
    pub metadata: Option<(&'a str, &'a str)>,
    /// Nothing of what it holds was leased before.
    pub held_since: DateTime<Utc>,
}

/// How an engine stands after its heartbeat.
#[derive(Clone, Copy, Debug)]
pub struct Beaten {
    pub engine_id: EngineId,
    pub status: EngineStatus,
    pub is_draining: bool,
    pub leases_held: u32,
    pub heartbeat_timeout_seconds: Option<u32>,
}

/// What a locked engine says of itself.
#[derive(Debug)]
pub struct Locked {
    pub engine_id: EngineId,
    pub static_config: RawJson,
    pub dynamic_state: RawJson,
}

/// Locks engines, in the order of their ids; unknown ones are missing from the answer.
pub async fn lock(connection: &mut PgConnection, engines: &[EngineId], locking: Locking) -> Result<Vec<Locked>> {
    let ids: Vec<Uuid> = engines.iter().map(|engine| engine.0).collect();
    let statement = match locking {
        Locking::Wait => {
            "select engine_id, metadata from eventlease.engine_states
             where engine_id = any($1) order by engine_id for no key update"
        }
        Locking::SkipLocked => {
            "select engine_id, metadata from eventlease.engine_states
             where engine_id = any($1) order by engine_id for no key update skip locked"
        }
    };
    let rows: Vec<(Uuid, Json<RawJson>)> = sqlx::query_as(statement).bind(ids).fetch_all(connection).await?;
    rows.into_iter()
        .map(|(engine_id, metadata)| {
            let StoredMetadata { static_config, dynamic_state } = StoredMetadata::of(engine_id, &metadata)?;
            Ok(Locked { engine_id: EngineId(engine_id), static_config, dynamic_state })
        })
        .collect()
}

/// Takes heartbeats, of which an engine may have one.
pub async fn beat(connection: &mut PgConnection, beats: &[Beat<'_>]) -> Result<Vec<Beaten>> {
    let rows: Vec<(Uuid, String, bool, i32, Option<i32>)> = sqlx::query_as(include_str!("../sql/beat.sql"))
        .bind(beats.iter().map(|beat| beat.engine_id.0).collect::<Vec<_>>())
        .bind(beats.iter().map(|beat| beat.current_workload.map(u32::cast_signed)).collect::<Vec<_>>())
        .bind(beats.iter().map(|beat| beat.metadata.map(|(static_config, _)| static_config)).collect::<Vec<_>>())
        .bind(beats.iter().map(|beat| beat.metadata.map(|(_, dynamic_state)| dynamic_state)).collect::<Vec<_>>())
        .bind(beats.iter().map(|beat| beat.held_since).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    rows.into_iter()
        .map(|(engine_id, status, is_draining, leases_held, heartbeat_timeout)| {
            Ok(Beaten {
                engine_id: EngineId(engine_id),
                status: EngineStatus::parse(&status)
                    .ok_or_else(|| Error::corrupt("engine_states", "status", engine_id, &status))?,
                is_draining,
                leases_held: leases_held.cast_unsigned(),
                heartbeat_timeout_seconds: heartbeat_timeout.map(i32::cast_unsigned),
            })
        })
        .collect()
}
