//! How deep the queues are.

use std::collections::HashMap;

use sqlx::PgConnection;

use crate::domain::limits::MAX_EXACT_DEPTH;
use crate::domain::queue::Depth;
use crate::store::error::Result;
use crate::store::row::from_row;

from_row!(Depth, "queues", engine_type: String, {
    engine_type, due, delayed, in_flight, dead_letters, suspects, due_by_priority, oldest_due_age_seconds, next_due_at,
    is_paused,
});

/// Of the queues named. Each count goes up to `count_bound` at least.
pub async fn of_queues(connection: &mut PgConnection, engine_types: &[String], count_bound: i64) -> Result<Vec<Depth>> {
    Ok(sqlx::query_as(include_str!("../sql/depth.sql"))
        .bind(count_bound)
        .bind(engine_types)
        .fetch_all(connection)
        .await?)
}

/// How many events engines hold, of every queue. Queues without such events are left out.
pub async fn in_flight(connection: &mut PgConnection) -> Result<HashMap<String, i64>> {
    let rows: Vec<(String, i64)> =
        sqlx::query_as(include_str!("../sql/held_by_queue.sql")).fetch_all(connection).await?;
    Ok(rows.into_iter().collect())
}

/// Replaces counts that stopped at the bound by estimates, as far as the statistics of the table know the queue. An estimate is
/// never below what was counted.
pub async fn estimate_beyond_bound(connection: &mut PgConnection, depths: &mut [Depth]) -> Result<()> {
    let is_beyond = |depth: &Depth| depth.due > MAX_EXACT_DEPTH || depth.delayed > MAX_EXACT_DEPTH;
    let deep: Vec<&str> =
        depths.iter().filter(|depth| is_beyond(depth)).map(|depth| depth.engine_type.as_str()).collect();
    if deep.is_empty() {
        return Ok(());
    }
    let shares: Vec<(String, i64)> =
        sqlx::query_as(include_str!("../sql/queue_shares.sql")).bind(deep).fetch_all(connection).await?;
    for (engine_type, waiting) in shares {
        let Some(depth) = depths.iter_mut().find(|depth| depth.engine_type == engine_type) else { continue };
        // What is beyond both counts is taken for due: the statistics do not know the times of one queue.
        if depth.due > MAX_EXACT_DEPTH {
            depth.due = depth.due.max(waiting - depth.delayed);
        } else {
            depth.delayed = depth.delayed.max(waiting - depth.due);
        }
    }
    Ok(())
}
