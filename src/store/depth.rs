//! How deep the queues are, for the metrics.

use sqlx::PgConnection;

use super::Result;

/// One queue's depth. Counts stop at the bound given: beyond it, more is not told from much more.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Depth {
    pub engine_type: String,
    pub due: i64,
    pub delayed: i64,
    pub in_flight: i64,
    pub dead_letters: i64,
    /// From `available_at` of the oldest due event.
    pub oldest_due_age_seconds: f64,
    pub is_paused: bool,
}

/// Of every queue, or of those named.
pub async fn of_queues(
    connection: &mut PgConnection,
    engine_types: Option<&[String]>,
    count_bound: i64,
) -> Result<Vec<Depth>> {
    Ok(sqlx::query_as(include_str!("sql/depth.sql")).bind(count_bound).bind(engine_types).fetch_all(connection).await?)
}
