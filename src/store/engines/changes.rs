//! What operators change of engines while they run.

use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::metadata::StoredMetadata;
use crate::domain::engine::Metadata;
use crate::domain::ids::EngineId;
use crate::domain::json::RawJson;
use crate::store::Result;

#[derive(sqlx_macros::FromRow)]
struct MetadataRow {
    metadata: Json<RawJson>,
    capabilities: Vec<String>,
    max_concurrent_events: Option<i32>,
    engine_software_version: Option<String>,
}

/// Locks a known engine and answers what it says of itself. Whoever leases for it waits, and the other way round.
pub async fn lock_metadata(connection: &mut PgConnection, engine_id: EngineId) -> Result<Option<Metadata>> {
    let row: Option<MetadataRow> = sqlx::query_as(
        "select metadata, capabilities, max_concurrent_events, engine_software_version
         from eventlease.engine_states where engine_id = $1 for update",
    )
    .bind(engine_id.0)
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let StoredMetadata { static_config, dynamic_state } = StoredMetadata::of(engine_id.0, &row.metadata)?;
    Ok(Some(Metadata {
        static_config,
        dynamic_state,
        capabilities: row.capabilities,
        max_concurrent_events: row.max_concurrent_events.map(i32::cast_unsigned),
        engine_software_version: row.engine_software_version,
    }))
}

/// Writes what a locked engine now says of itself.
pub async fn write_metadata(connection: &mut PgConnection, engine_id: EngineId, metadata: &Metadata) -> Result<()> {
    sqlx::query(
        "update eventlease.engine_states
         set metadata = json_build_object('static_config', $2::json, 'dynamic_state', $3::json),
             max_concurrent_events = $4, engine_software_version = $5, capabilities = $6
         where engine_id = $1",
    )
    .bind(engine_id.0)
    .bind(metadata.static_config.get())
    .bind(metadata.dynamic_state.get())
    .bind(metadata.max_concurrent_events.map(u32::cast_signed))
    .bind(&metadata.engine_software_version)
    .bind(&metadata.capabilities)
    .execute(connection)
    .await?;
    Ok(())
}

/// An engine that a drain of many is meant for.
#[derive(Clone, Copy, Debug)]
pub struct Drained {
    pub engine_id: EngineId,
    /// Before the call.
    pub was_draining: bool,
}

/// Which engines to drain; `None` is any.
#[derive(Clone, Debug, Default)]
pub struct DrainFilter {
    pub engine_type: Option<String>,
    pub engine_software_version: Option<String>,
}

/// Drains all engines that the filter lets through, or only looks for them.
pub async fn drain(connection: &mut PgConnection, filter: &DrainFilter, is_dry_run: bool) -> Result<Vec<Drained>> {
    let rows: Vec<(Uuid, bool)> = sqlx::query_as(include_str!("../sql/drain_engines.sql"))
        .bind(&filter.engine_type)
        .bind(&filter.engine_software_version)
        .bind(is_dry_run)
        .fetch_all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(engine_id, was_draining)| Drained { engine_id: EngineId(engine_id), was_draining })
        .collect())
}
