//! Which installation a database belongs to.

use sqlx::PgConnection;
use uuid::Uuid;

use super::error::Result;

/// The installation's id, made with the schema and never changed.
pub async fn id(connection: &mut PgConnection) -> Result<Uuid> {
    Ok(sqlx::query_scalar("select installation_id from eventlease.installation where is_only_row")
        .fetch_one(connection)
        .await?)
}
