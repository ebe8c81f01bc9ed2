//! How deep the queues are, for the metrics.

use sqlx::PgConnection;

use crate::domain::queue::Depth;
use crate::store::error::Result;
use crate::store::row::from_row;

from_row!(Depth, "queues", engine_type: String, {
    engine_type, due, delayed, in_flight, dead_letters, oldest_due_age_seconds, is_paused,
});

/// Of every queue, or of those named.
pub async fn of_queues(
    connection: &mut PgConnection,
    engine_types: Option<&[String]>,
    count_bound: i64,
) -> Result<Vec<Depth>> {
    Ok(sqlx::query_as(include_str!("../sql/depth.sql"))
        .bind(count_bound)
        .bind(engine_types)
        .fetch_all(connection)
        .await?)
}
