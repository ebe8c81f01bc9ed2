//! Engines, counted by what they do.

use sqlx::PgConnection;
use uuid::Uuid;

use super::zombies;
use crate::domain::engine_group::EngineGroup;
use crate::store::error::Result;
use crate::store::row::from_row;

from_row!(EngineGroup, "engine_states", engine_type: String, {
    engine_type, engine_software_version, status, engines, idle, full, zombie, holding_off, quarantined, leases_held,
});

/// Up to `limit` groups of the engines of all types, or of those named, in the order of types and versions.
pub async fn list(
    connection: &mut PgConnection,
    engine_types: Option<&[String]>,
    limit: u32,
) -> Result<Vec<EngineGroup>> {
    let zombies = zombies::list(&mut *connection, engine_types).await?;
    let zombies: Vec<Uuid> = zombies.iter().map(|zombie| zombie.engine_id.0).collect();
    Ok(sqlx::query_as(include_str!("../sql/engine_groups.sql"))
        .bind(engine_types)
        .bind(zombies)
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?)
}
