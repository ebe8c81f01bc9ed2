//! The clock by which everything is dated.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::error::Result;

/// The time of the database.
pub async fn now(connection: &mut PgConnection) -> Result<DateTime<Utc>> {
    Ok(sqlx::query_scalar("select statement_timestamp()").fetch_one(connection).await?)
}
