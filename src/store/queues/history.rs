//! How queues stood, minute by minute: written by one replica at a time, and read by any.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::activity;
use crate::domain::history::{HistoryDepth, HistoryMinute, HistorySeconds};
use crate::domain::queue_activity::{ActivityCounts, LastMinute, RecentDurations};
use crate::store::error::Result;

/// The name under which all queues together are kept, in the statements too. No queue has it.
const ALL_QUEUES: &str = "";

/// Takes the lock of those who write history, to the end of the transaction; false where another replica has it.
pub async fn try_lock(connection: &mut PgConnection) -> Result<bool> {
    Ok(sqlx::query_scalar("select pg_try_advisory_xact_lock(hashtextextended('eventlease.queue_history', 0))")
        .fetch_one(connection)
        .await?)
}

/// The last minute that any replica has written, of the last three days.
pub async fn last_minute(connection: &mut PgConnection) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar(include_str!("../sql/last_history_minute.sql")).fetch_one(connection).await?)
}

/// When the service was last back, after a time in which no replica ran or could write; nothing was measured in that time.
pub async fn away_until(connection: &mut PgConnection) -> Result<Option<DateTime<Utc>>> {
    let until: Option<Option<DateTime<Utc>>> =
        sqlx::query_scalar("select nullif(grace_since, '-infinity') from eventlease.service_signs")
            .fetch_optional(connection)
            .await?;
    Ok(until.flatten())
}

/// What all replicas together counted of each queue in the minute that began then.
pub async fn activity_of_minute(
    connection: &mut PgConnection,
    minute_at: DateTime<Utc>,
) -> Result<HashMap<String, (LastMinute, RecentDurations)>> {
    let statement = sqlx::query_as(include_str!("../sql/activity_of_minute.sql")).bind(minute_at);
    Ok(activity::summed(statement.fetch_all(connection).await?))
}

/// Writes a minute: of these queues, and of all together.
pub async fn add(
    connection: &mut PgConnection,
    minute_at: DateTime<Utc>,
    all: &HistoryMinute,
    queues: &[(String, HistoryMinute)],
) -> Result<()> {
    let rows: Vec<(&str, &HistoryMinute)> = [(ALL_QUEUES, all)]
        .into_iter()
        .chain(queues.iter().map(|(engine_type, minute)| (engine_type.as_str(), minute)))
        .collect();
    let depths = |field: fn(&HistoryDepth) -> i64| rows.iter().map(|(_, row)| field(&row.depth)).collect::<Vec<i64>>();
    let counts =
        |field: fn(&ActivityCounts) -> i64| rows.iter().map(|(_, row)| field(&row.counts)).collect::<Vec<i64>>();
    let seconds = |field: fn(&HistorySeconds) -> Option<f32>| {
        rows.iter().map(|(_, row)| field(&row.seconds)).collect::<Vec<Option<f32>>>()
    };
    let ages: Vec<f32> = rows.iter().map(|(_, row)| row.depth.oldest_due_age_seconds).collect();
    sqlx::query(include_str!("../sql/add_history.sql"))
        .bind(minute_at)
        .bind(rows.iter().map(|(engine_type, _)| *engine_type).collect::<Vec<_>>())
        .bind(depths(|depth| depth.due))
        .bind(depths(|depth| depth.delayed))
        .bind(depths(|depth| depth.processing))
        .bind(depths(|depth| depth.dead_letters))
        .bind(ages)
        .bind(depths(|depth| depth.slots))
        .bind(depths(|depth| depth.busy))
        .bind(counts(|counts| counts.enqueued))
        .bind(counts(|counts| counts.completed))
        .bind(counts(|counts| counts.failed))
        .bind(counts(|counts| counts.lost))
        .bind(counts(|counts| counts.released))
        .bind(counts(|counts| counts.late))
        .bind(counts(|counts| counts.dead_lettered))
        .bind(seconds(|seconds| seconds.attempt_p50))
        .bind(seconds(|seconds| seconds.attempt_p99))
        .bind(seconds(|seconds| seconds.wait_p50))
        .bind(seconds(|seconds| seconds.wait_p99))
        .bind(counts(|counts| counts.cancelled))
        .execute(connection)
        .await?;
    Ok(())
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    minute_at: DateTime<Utc>,
    due: i64,
    delayed: i64,
    processing: i64,
    dead_letters: i64,
    oldest_due_age_seconds: f32,
    slots: i64,
    busy: i64,
    enqueued: i64,
    completed: i64,
    failed: i64,
    lost: i64,
    released: i64,
    late: i64,
    dead_lettered: i64,
    cancelled: i64,
    attempt_p50_seconds: Option<f32>,
    attempt_p99_seconds: Option<f32>,
    wait_p50_seconds: Option<f32>,
    wait_p99_seconds: Option<f32>,
}

/// The minutes of a queue, or (`None`) of all queues together, in a range, by time; and the last one before it.
pub async fn read(
    connection: &mut PgConnection,
    engine_type: Option<&str>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<HistoryMinute>> {
    let rows: Vec<Row> = sqlx::query_as(include_str!("../sql/read_history.sql"))
        .bind(engine_type.unwrap_or(ALL_QUEUES))
        .bind(from)
        .bind(to)
        .fetch_all(connection)
        .await?;
    let minutes = rows.into_iter().map(|row| {
        let Row { due, delayed, processing, dead_letters, oldest_due_age_seconds, slots, busy, .. } = row;
        let Row { enqueued, completed, failed, lost, released, late, dead_lettered, cancelled, .. } = row;
        HistoryMinute {
            minute_at: row.minute_at,
            depth: HistoryDepth { due, delayed, processing, dead_letters, oldest_due_age_seconds, slots, busy },
            counts: ActivityCounts { enqueued, completed, failed, lost, released, late, dead_lettered, cancelled },
            seconds: HistorySeconds {
                attempt_p50: row.attempt_p50_seconds,
                attempt_p99: row.attempt_p99_seconds,
                wait_p50: row.wait_p50_seconds,
                wait_p99: row.wait_p99_seconds,
            },
        }
    });
    Ok(minutes.collect())
}

#[derive(sqlx_macros::FromRow)]
struct DueRow {
    engine_type: String,
    minute_at: DateTime<Utc>,
    due: i64,
    oldest_due_age_seconds: f32,
}

/// What is known of the minutes since a time.
#[derive(Debug, Default)]
pub struct RecentHistory {
    /// The minutes in which the service ran.
    pub measured: HashSet<DateTime<Utc>>,
    /// By queue, how many events were due in which minute, and for how long the oldest of them had been; none were in the other minutes.
    pub due: HashMap<String, HashMap<DateTime<Utc>, (i64, f32)>>,
}

/// How many events were due in each queue in the minutes since then.
pub async fn recent(connection: &mut PgConnection, since: DateTime<Utc>) -> Result<RecentHistory> {
    let rows: Vec<DueRow> =
        sqlx::query_as(include_str!("../sql/recent_history.sql")).bind(since).fetch_all(connection).await?;
    let mut found = RecentHistory::default();
    for DueRow { engine_type, minute_at, due, oldest_due_age_seconds } in rows {
        if engine_type == ALL_QUEUES {
            found.measured.insert(minute_at);
        } else {
            found.due.entry(engine_type).or_default().insert(minute_at, (due, oldest_due_age_seconds));
        }
    }
    Ok(found)
}

/// The minutes of a range in which the service ran.
pub async fn measured(
    connection: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<DateTime<Utc>>> {
    let statement = sqlx::query_scalar(include_str!("../sql/measured_minutes.sql"));
    Ok(statement.bind(from).bind(to).fetch_all(connection).await?)
}
