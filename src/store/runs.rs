//! Scenario runs: which are cancelled, what is open of them, how many events they have.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::error::Result;
use super::row::from_row;
use crate::domain::ids::EventId;
use crate::domain::run::{Cancellations, CancelledRuns, ListedRun, Run, RunCounts, RunScope};

/// Locks runs until the end of the transaction, and answers which of them are cancelled. A transaction that adds open events to
/// runs calls it for all of them at once, after it has locked keys, and before it locks engines, queues and events. A cancel
/// waits for it, or it sees the cancel.
pub async fn lock<'a>(connection: &mut PgConnection, runs: impl IntoIterator<Item = &'a str>) -> Result<CancelledRuns> {
    let mut runs: Vec<&str> = runs.into_iter().collect();
    runs.sort_unstable();
    runs.dedup();
    if runs.is_empty() {
        return Ok(CancelledRuns::default());
    }
    let cancelled: Vec<(String, String)> =
        sqlx::query_as("select scenario_run_id, engine_type from eventlease.lock_runs($1)")
            .bind(runs)
            .fetch_all(connection)
            .await?;
    Ok(CancelledRuns::of(cancelled))
}

/// Waits for all transactions that add to the run, and keeps others from it until the end of this one.
pub async fn lock_alone(connection: &mut PgConnection, run: &str) -> Result<()> {
    sqlx::query("select eventlease.lock_run_alone($1)").bind(run).execute(connection).await?;
    Ok(())
}

/// Marks a run, which is locked alone, as cancelled. Answers whether it was not before.
pub async fn mark_cancelled(connection: &mut PgConnection, scope: &RunScope, by: Option<&str>) -> Result<bool> {
    let marked = sqlx::query(include_str!("sql/mark_run_cancelled.sql"))
        .bind(scope.run.as_str())
        .bind(marks(scope))
        .bind(by)
        .execute(connection)
        .await?;
    Ok(marked.rows_affected() > 0)
}

/// Takes the marks of a run back, which is locked alone: those of these queues, or all. Answers whether there was one.
pub async fn remove_marks(connection: &mut PgConnection, scope: &RunScope) -> Result<bool> {
    let removed = sqlx::query(include_str!("sql/remove_marks_of_run.sql"))
        .bind(scope.run.as_str())
        .bind(&scope.engine_types)
        .execute(connection)
        .await?;
    Ok(removed.rows_affected() > 0)
}

/// Notes that nothing is left to do for the cancel of a run.
pub async fn note_carried_out(connection: &mut PgConnection, scope: &RunScope) -> Result<()> {
    sqlx::query(include_str!("sql/note_run_carried_out.sql"))
        .bind(scope.run.as_str())
        .bind(marks(scope))
        .execute(connection)
        .await?;
    Ok(())
}

/// Up to `limit` cancels that were begun more than `seconds` ago and are not carried out, the oldest first: the run, and the
/// queue, which is empty for all of them.
pub async fn to_carry_out(connection: &mut PgConnection, seconds: u32, limit: u32) -> Result<Vec<(String, String)>> {
    Ok(sqlx::query_as(include_str!("sql/runs_to_carry_out.sql"))
        .bind(f64::from(seconds))
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?)
}

/// The names under which the marks of a scope stand.
fn marks(scope: &RunScope) -> Vec<String> {
    scope.engine_types.clone().unwrap_or_else(|| vec![String::new()])
}

/// Up to twice `limit` open events of a run that nobody has wanted cancelled yet.
pub async fn open_events(connection: &mut PgConnection, scope: &RunScope, limit: u32) -> Result<Vec<EventId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(include_str!("sql/open_events_of_run.sql"))
        .bind(scope.run.as_str())
        .bind(&scope.engine_types)
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?;
    Ok(ids.into_iter().map(EventId).collect())
}

/// The places, in `scopes`, of those that have no open event.
pub async fn idle(connection: &mut PgConnection, scopes: &[RunScope]) -> Result<Vec<usize>> {
    let places: Vec<i64> = sqlx::query_scalar(include_str!("sql/idle_runs.sql"))
        .bind(scopes.iter().map(|scope| scope.run.as_str()).collect::<Vec<_>>())
        .bind(scopes.iter().map(|scope| scope.engine_types.as_ref().map(|types| types.join(","))).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    Ok(places.into_iter().filter_map(|place| usize::try_from(place).ok()).collect())
}

from_row!(Cancellations, "scenario_runs", cancelled_by: String, { engine_types, cancelled_at, cancelled_by });

#[derive(sqlx_macros::FromRow)]
struct Row {
    queued: i64,
    processing: i64,
    completed: i64,
    failed: i64,
    cancelled: i64,
    stored: i64,
    first_created_at: Option<DateTime<Utc>>,
    last_ended_at: Option<DateTime<Utc>>,
    #[sqlx(flatten)]
    cancellations: Cancellations,
}

/// A run as it stands, its events counted up to `bound`.
pub async fn read(connection: &mut PgConnection, scope: RunScope, bound: i64) -> Result<Run> {
    let row: Row = sqlx::query_as(include_str!("sql/read_run.sql"))
        .bind(scope.run.as_str())
        .bind(&scope.engine_types)
        .bind(bound + 1)
        .fetch_one(connection)
        .await?;
    let Row { queued, processing, completed, failed, cancelled, stored, .. } = row;
    Ok(Run {
        scope,
        counts: RunCounts { queued, processing, completed, failed, cancelled },
        is_approximate: [queued, processing, stored, failed].iter().any(|count| *count > bound),
        first_created_at: row.first_created_at,
        last_ended_at: row.last_ended_at,
        cancellations: row.cancellations,
    })
}

#[derive(sqlx_macros::FromRow)]
struct ListedRow {
    scenario_run_id: String,
    has_open_events: bool,
    #[sqlx(flatten)]
    cancellations: Cancellations,
}

/// Up to `limit` runs behind `behind`, in the order of their names.
pub async fn list(
    connection: &mut PgConnection,
    behind: Option<&str>,
    engine_types: Option<&[String]>,
    limit: u32,
) -> Result<Vec<ListedRun>> {
    let rows: Vec<ListedRow> = sqlx::query_as(include_str!("sql/list_runs.sql"))
        .bind(behind.unwrap_or_default())
        .bind(engine_types)
        .bind(i32::try_from(limit).unwrap_or(i32::MAX))
        .fetch_all(connection)
        .await?;
    let listed = |row: ListedRow| ListedRun {
        scenario_run_id: row.scenario_run_id,
        has_open_events: row.has_open_events,
        cancellations: row.cancellations,
    };
    Ok(rows.into_iter().map(listed).collect())
}
