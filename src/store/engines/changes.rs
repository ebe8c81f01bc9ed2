//! What operators change of engines while they run.

use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use crate::domain::engine::{AfterDrain, Description, DrainFilter, DrainOrder, Drained, Metadata};
use crate::domain::ids::EngineId;
use crate::store::error::Result;
use crate::store::row::{Field, from_row};

impl Field for Metadata {
    fn read(row: &PgRow, column: &'static str) -> sqlx::Result<Self> {
        let Description { static_config, dynamic_state } = Description::read(row, column)?;
        Ok(Self {
            static_config,
            dynamic_state,
            capabilities: Field::read(row, "capabilities")?,
            max_concurrent_events: Field::read(row, "max_concurrent_events")?,
            engine_software_version: Field::read(row, "engine_software_version")?,
        })
    }
}

struct Locked {
    metadata: Metadata,
}

from_row!(Locked, "engine_states", engine_id: EngineId, { metadata });

/// Locks a known engine and answers what it says of itself. Whoever leases for it waits, and the other way round.
pub async fn lock_metadata(connection: &mut PgConnection, engine_id: EngineId) -> Result<Option<Metadata>> {
    let locked: Option<Locked> = sqlx::query_as(
        "select engine_id, metadata, capabilities, max_concurrent_events, engine_software_version
         from eventlease.engine_states where engine_id = $1 for update",
    )
    .bind(engine_id.0)
    .fetch_optional(connection)
    .await?;
    Ok(locked.map(|locked| locked.metadata))
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

from_row!(Drained, "engine_states", engine_id: EngineId, { engine_id, engine_type, was_draining });

/// Drains all engines that the filter lets through; a dry run only finds them.
pub async fn drain(
    connection: &mut PgConnection,
    filter: &DrainFilter,
    order: &DrainOrder,
    is_dry_run: bool,
) -> Result<Vec<Drained>> {
    Ok(sqlx::query_as(include_str!("../sql/drain_engines.sql"))
        .bind(filter.engine_type.as_ref().map(std::slice::from_ref).or(filter.engine_types.as_deref()))
        .bind(&filter.engine_software_version)
        .bind(is_dry_run)
        .bind(&order.reason)
        .bind(order.then.map(AfterDrain::as_str))
        .fetch_all(connection)
        .await?)
}
