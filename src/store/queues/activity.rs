//! What happened in the queues lately: written by each replica, read as one.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::durations::{DurationCounts, FineCounts};
use crate::domain::queue_activity::{ActivityCounts, LastMinute, RecentDurations};
use crate::store::error::Result;
use crate::store::pool::Pool;

/// What one replica counted of one queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// What happened.
    pub happened: ActivityCounts,
    /// How long the attempts took that their engines settled.
    pub durations: DurationCounts,
    /// How long leased events had been due.
    pub waits: FineCounts,
}

/// Adds what one replica counted.
pub async fn add(pool: &Pool, replica_id: Uuid, counted: &[(String, Counts)]) -> Result<()> {
    let of = |field: fn(&ActivityCounts) -> i64| {
        counted.iter().map(|(_, counts)| field(&counts.happened)).collect::<Vec<i64>>()
    };
    let durations: Vec<i64> = counted.iter().flat_map(|(_, counts)| counts.durations.as_slice()).copied().collect();
    let waits: Vec<i64> = counted.iter().flat_map(|(_, counts)| counts.waits.as_slice()).copied().collect();
    sqlx::query(include_str!("../sql/add_activity.sql"))
        .bind(counted.iter().map(|(engine_type, _)| engine_type.as_str()).collect::<Vec<_>>())
        .bind(replica_id)
        .bind(of(|counts| counts.enqueued))
        .bind(of(|counts| counts.completed))
        .bind(of(|counts| counts.failed))
        .bind(of(|counts| counts.lost))
        .bind(durations)
        .bind(i32::try_from(DurationCounts::LENGTH).expect("a handful"))
        .bind(of(|counts| counts.released))
        .bind(of(|counts| counts.late))
        .bind(of(|counts| counts.dead_lettered))
        .bind(waits)
        .bind(i32::try_from(FineCounts::LENGTH).expect("a handful"))
        .bind(counted.iter().map(|(_, counts)| !counts.waits.is_empty()).collect::<Vec<bool>>())
        .bind(of(|counts| counts.cancelled))
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

/// What one replica counted of a queue.
#[derive(sqlx_macros::FromRow)]
pub(super) struct MinuteRow {
    engine_type: String,
    enqueued: i64,
    completed: i64,
    failed: i64,
    lost: i64,
    released: i64,
    late: i64,
    dead_lettered: i64,
    cancelled: i64,
    durations: Vec<i64>,
    waits: Option<Vec<i64>>,
    seconds: f64,
}

/// The last minute of these queues, all replicas together. Queues in which nothing happened are left out.
pub async fn of_last_minute(
    connection: &mut PgConnection,
    engine_types: &[String],
) -> Result<HashMap<String, (LastMinute, RecentDurations)>> {
    let rows: Vec<MinuteRow> =
        sqlx::query_as(include_str!("../sql/last_minute.sql")).bind(engine_types).fetch_all(connection).await?;
    Ok(summed(rows))
}

/// What all replicas together counted of a queue in five minutes.
pub async fn of_five_minutes(connection: &mut PgConnection, engine_type: &str) -> Result<ActivityCounts> {
    let (enqueued, completed, failed, lost, released, late, dead_lettered, cancelled) =
        sqlx::query_as(include_str!("../sql/five_minutes.sql")).bind(engine_type).fetch_one(connection).await?;
    Ok(ActivityCounts { enqueued, completed, failed, lost, released, late, dead_lettered, cancelled })
}

/// What the replicas counted of each queue, together.
pub(super) fn summed(rows: Vec<MinuteRow>) -> HashMap<String, (LastMinute, RecentDurations)> {
    let mut found: HashMap<String, (LastMinute, RecentDurations)> = HashMap::new();
    for row in rows {
        let MinuteRow { enqueued, completed, failed, lost, released, late, dead_lettered, cancelled, .. } = row;
        let counts = ActivityCounts { enqueued, completed, failed, lost, released, late, dead_lettered, cancelled };
        let (minute, durations) = found.entry(row.engine_type).or_default();
        minute.counts.add(&counts);
        minute.seconds = row.seconds;
        durations.attempts.add(&row.durations);
        durations.waits.add_fine(row.waits.as_deref().unwrap_or_default());
    }
    found
}

#[derive(sqlx_macros::FromRow)]
struct PeriodRow {
    engine_type: String,
    period_at: DateTime<Utc>,
    enqueued: i64,
    completed: i64,
    failed: i64,
    lost: i64,
    released: i64,
    late: i64,
    dead_lettered: i64,
    cancelled: i64,
}

/// What all replicas together counted of each queue, by the periods of ten seconds from then on. Periods and queues in which
/// nothing happened are left out.
pub async fn by_period(
    connection: &mut PgConnection,
    from: DateTime<Utc>,
) -> Result<HashMap<DateTime<Utc>, HashMap<String, ActivityCounts>>> {
    let rows: Vec<PeriodRow> =
        sqlx::query_as(include_str!("../sql/recent_activity.sql")).bind(from).fetch_all(connection).await?;
    let mut found: HashMap<DateTime<Utc>, HashMap<String, ActivityCounts>> = HashMap::new();
    for row in rows {
        let PeriodRow { enqueued, completed, failed, lost, released, late, dead_lettered, cancelled, .. } = row;
        let counts = ActivityCounts { enqueued, completed, failed, lost, released, late, dead_lettered, cancelled };
        found.entry(row.period_at).or_default().insert(row.engine_type, counts);
    }
    Ok(found)
}
