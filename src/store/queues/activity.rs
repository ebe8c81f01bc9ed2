//! What happened in the queues lately: written by each replica, read as one.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::durations::DurationCounts;
use crate::domain::queue::LastMinute;
use crate::store::error::Result;
use crate::store::pool::Pool;

/// What one replica counted of one queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events taken in.
    pub enqueued: i64,
    /// Attempts reported as completed.
    pub completed: i64,
    /// Attempts reported as failed.
    pub failed: i64,
    /// Leases that ended without a report.
    pub lost: i64,
    /// How long the attempts took that their engines settled.
    pub durations: DurationCounts,
}

/// Adds what one replica counted.
pub async fn add(pool: &Pool, replica_id: Uuid, counted: &[(String, Counts)]) -> Result<()> {
    let of = |field: fn(&Counts) -> i64| counted.iter().map(|(_, counts)| field(counts)).collect::<Vec<i64>>();
    let durations: Vec<i64> = counted.iter().flat_map(|(_, counts)| counts.durations.as_slice()).copied().collect();
    sqlx::query(include_str!("../sql/add_activity.sql"))
        .bind(counted.iter().map(|(engine_type, _)| engine_type.as_str()).collect::<Vec<_>>())
        .bind(replica_id)
        .bind(of(|counts| counts.enqueued))
        .bind(of(|counts| counts.completed))
        .bind(of(|counts| counts.failed))
        .bind(of(|counts| counts.lost))
        .bind(durations)
        .bind(i32::try_from(DurationCounts::LENGTH).expect("a handful"))
        .execute(&mut *pool.acquire().await?)
        .await?;
    Ok(())
}

/// Removes counts older than five minutes.
pub async fn forget_old(pool: &Pool) -> Result<()> {
    sqlx::query("delete from eventlease.queue_activity where period_at < statement_timestamp() - interval '5 minutes'")
        .execute(&mut *pool.acquire().await?)
        .await?;
    Ok(())
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    enqueued: i64,
    completed: i64,
    failed: i64,
    lost: i64,
    durations: Vec<i64>,
    seconds: f64,
}

/// The last minute of a queue, all replicas together.
pub async fn of_last_minute(connection: &mut PgConnection, engine_type: &str) -> Result<LastMinute> {
    let rows: Vec<Row> =
        sqlx::query_as(include_str!("../sql/last_minute.sql")).bind(engine_type).fetch_all(connection).await?;
    let mut sum = LastMinute::default();
    for row in rows {
        sum.enqueued += row.enqueued;
        sum.completed += row.completed;
        sum.failed += row.failed;
        sum.lost += row.lost;
        sum.durations.add(&row.durations);
        sum.seconds = row.seconds;
    }
    Ok(sum)
}
