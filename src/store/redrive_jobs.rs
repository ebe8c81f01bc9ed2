//! Redrive jobs, and the dead letters that they have redriven.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use super::dead_letters::redrive::Redriven;
use super::error::Result;
use super::policies;
use super::row::{Field, from_columns, from_row, unknown};
use crate::domain::dead_letters::{Filter, Overrides};
use crate::domain::json::RawJson;
use crate::domain::limits::{MAX_OPEN_REDRIVE_JOBS, MAX_REDRIVE_JOBS};
use crate::domain::redrive_job::{
    Canary, Counts, Place, RedriveJob, RedriveJobId, Settings, Skipped, State, StateReason, WorkingJob,
};

/// Only what is no event yet can be redriven.
impl Field for Filter {
    fn read(row: &PgRow, column: &'static str) -> sqlx::Result<Self> {
        let Json(stored) = row.try_get::<Json<RawJson>, _>(column)?;
        let filter: Self = serde_json::from_str(stored.get()).map_err(|_| unknown(column, stored.get()))?;
        Ok(Self { is_redrivable: true, ..filter })
    }
}

from_columns!(Overrides, {
    priority: "priority", visibility_timeout_seconds: "visibility_timeout_seconds", retry_policy: "retry_policy",
});
from_columns!(Canary, {
    count: "canary_count",
    continue_at_success_ratio: "canary_continue_at_success_ratio",
    wait_seconds: "canary_wait_seconds",
});
from_columns!(Settings, {
    filter: "filter", overrides: "priority", payload_patch: "payload_patch", canary: "canary_count",
    events_per_second: "events_per_second", stop_at_failure_ratio: "stop_at_failure_ratio",
});
from_columns!(Skipped, {
    run_cancelled: "skipped_run_cancelled",
    unique_key_held: "skipped_unique_key_held",
    payload_patch: "skipped_payload_patch",
});
from_columns!(Counts, {
    matched: "matched", redriven: "redriven", skipped: "skipped_run_cancelled", open: "open_events",
    completed: "completed", died_again: "died_again", cancelled: "cancelled", unknown: "unknown",
});
from_columns!(Place, {
    has_canary_ahead: "has_canary_ahead", canary_judged_by: "canary_judged_by", chosen_up_to_at: "chosen_up_to_at",
    chosen_up_to_id: "chosen_up_to_id", is_all_chosen: "is_all_chosen", checked_up_to_id: "checked_up_to_id",
    next_due_at: "next_due_at", next_step_at: "next_step_at",
});

from_row!(RedriveJob, "redrive_jobs", job_id: RedriveJobId, {
    job_id, settings, created_at, created_by, state, state_reason, state_changed_at, counts, last_redriven_at,
});

/// A job that is locked, and the database's time then.
#[derive(sqlx_macros::FromRow)]
struct LockedRow {
    #[sqlx(flatten)]
    job: RedriveJob,
    #[sqlx(flatten)]
    place: PlaceRow,
    now: DateTime<Utc>,
}

struct PlaceRow {
    place: Place,
}

from_row!(PlaceRow, "redrive_jobs", job_id: RedriveJobId, { place });

/// Only one job is made at a time: the limits are kept also where several are asked for at once.
const MAKING_LOCK: &str = "select pg_advisory_xact_lock(hashtextextended('eventlease.redrive_jobs', 0))";

/// Makes a job for `matched` dead letters that died by `created_at`. `None`: there are as many jobs as there may be.
pub async fn create(
    connection: &mut PgConnection,
    settings: &Settings,
    created_at: DateTime<Utc>,
    created_by: Option<&str>,
    matched: i64,
) -> Result<Option<RedriveJob>> {
    let Settings { filter, overrides, payload_patch, canary, events_per_second, stop_at_failure_ratio } = settings;
    sqlx::query(MAKING_LOCK).execute(&mut *connection).await?;
    let state = if canary.is_some() { State::Canary } else { State::Redriving };
    Ok(sqlx::query_as(include_str!("sql/create_redrive_job.sql"))
        .bind(serde_json::to_string(filter).expect("a filter is a plain object"))
        .bind(payload_patch.as_ref().map(|patch| patch.get()))
        .bind(overrides.priority.map(i16::from))
        .bind(overrides.visibility_timeout_seconds.map(u32::cast_signed))
        .bind(overrides.retry_policy.as_ref().map(policies::to_json))
        .bind(canary.map(|canary| canary.count.cast_signed()))
        .bind(canary.map(|canary| canary.continue_at_success_ratio))
        .bind(canary.map(|canary| canary.wait_seconds.cast_signed()))
        .bind(events_per_second)
        .bind(stop_at_failure_ratio)
        .bind(created_at)
        .bind(created_by)
        .bind(state.as_str())
        .bind(matched)
        .bind(MAX_OPEN_REDRIVE_JOBS)
        .bind(MAX_REDRIVE_JOBS)
        .fetch_optional(connection)
        .await?)
}

/// One job.
pub async fn read(connection: &mut PgConnection, job_id: RedriveJobId) -> Result<Option<RedriveJob>> {
    Ok(sqlx::query_as(include_str!("sql/read_redrive_job.sql")).bind(job_id.0).fetch_optional(connection).await?)
}

/// Up to `limit` jobs behind one, the newest first: all, or those whose filter names a queue; and where `engine_types` are given,
/// only those whose filter names no other queues.
pub async fn list(
    connection: &mut PgConnection,
    engine_type: Option<&str>,
    engine_types: Option<&[String]>,
    behind: Option<Uuid>,
    limit: u32,
) -> Result<Vec<RedriveJob>> {
    Ok(sqlx::query_as(include_str!("sql/list_redrive_jobs.sql"))
        .bind(engine_type)
        .bind(engine_types)
        .bind(behind)
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?)
}

/// Locks the job whose next step has been due for longest, and that nobody else has locked.
pub async fn lock_next(connection: &mut PgConnection) -> Result<Option<RedriveJobId>> {
    let job_id: Option<Uuid> =
        sqlx::query_scalar(include_str!("sql/next_redrive_job.sql")).bind(1_i64).fetch_optional(connection).await?;
    Ok(job_id.map(RedriveJobId))
}

/// Locks a job, and says what time it is.
pub async fn lock(connection: &mut PgConnection, job_id: RedriveJobId) -> Result<Option<(WorkingJob, DateTime<Utc>)>> {
    let row: Option<LockedRow> =
        sqlx::query_as(include_str!("sql/lock_redrive_job.sql")).bind(job_id.0).fetch_optional(connection).await?;
    Ok(row.map(|LockedRow { job, place: PlaceRow { place }, now }| (WorkingJob { job, place }, now)))
}

/// How open events of a job ended that were checked.
#[derive(sqlx_macros::FromRow, Clone, Copy, Debug)]
pub struct Ends {
    /// Those that were checked.
    pub checked: i64,
    /// The dead letter of the last one.
    pub checked_up_to_id: Option<Uuid>,
    /// Those that are open no more.
    pub ended: i64,
    /// With success.
    pub completed: i64,
    /// As dead letters.
    pub died_again: i64,
    /// Cancelled.
    pub cancelled: i64,
    /// In a way that is not known any more.
    pub unknown: i64,
}

/// Checks up to `limit` open events of a job, behind the last one that was checked, and notes how they ended.
pub async fn note_ends(connection: &mut PgConnection, working: &WorkingJob, limit: i64) -> Result<Ends> {
    Ok(sqlx::query_as(include_str!("sql/note_ends_of_redriven.sql"))
        .bind(working.job.job_id.0)
        .bind(working.place.checked_up_to_id)
        .bind(limit)
        .fetch_one(connection)
        .await?)
}

/// Records what a job has redriven. One that it has redriven before is an error.
pub async fn record(connection: &mut PgConnection, job_id: RedriveJobId, redriven: &[Redriven]) -> Result<()> {
    sqlx::query(include_str!("sql/record_redriven.sql"))
        .bind(job_id.0)
        .bind(redriven.iter().map(|redriven| redriven.dead_letter_id.0).collect::<Vec<_>>())
        .bind(redriven.iter().map(|redriven| redriven.event_id.0).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes how far a locked job is.
pub async fn write(connection: &mut PgConnection, WorkingJob { job, place }: &WorkingJob) -> Result<()> {
    sqlx::query(include_str!("sql/write_redrive_job.sql"))
        .bind(job.job_id.0)
        .bind(job.state.as_str())
        .bind(job.state_reason.map(StateReason::as_str))
        .bind(job.state_changed_at)
        .bind(place.has_canary_ahead)
        .bind(place.canary_judged_by)
        .bind(place.chosen_up_to_at)
        .bind(place.chosen_up_to_id)
        .bind(place.is_all_chosen)
        .bind(place.checked_up_to_id)
        .bind(place.next_due_at)
        .bind(job.last_redriven_at)
        .bind(place.next_step_at)
        .bind(job.counts.redriven)
        .bind(job.counts.skipped.run_cancelled)
        .bind(job.counts.skipped.unique_key_held)
        .bind(job.counts.skipped.payload_patch)
        .bind(job.counts.open)
        .bind(job.counts.completed)
        .bind(job.counts.died_again)
        .bind(job.counts.cancelled)
        .bind(job.counts.unknown)
        .execute(connection)
        .await?;
    Ok(())
}

/// Lets other jobs go first for some seconds.
pub async fn postpone(connection: &mut PgConnection, job_id: RedriveJobId, seconds: f64) -> Result<()> {
    sqlx::query(include_str!("sql/postpone_redrive_job.sql")).bind(job_id.0).bind(seconds).execute(connection).await?;
    Ok(())
}

/// Locks a job that has redriven nothing for `days`.
pub async fn lock_old(connection: &mut PgConnection, days: i32) -> Result<Option<RedriveJobId>> {
    let job_id: Option<Uuid> =
        sqlx::query_scalar(include_str!("sql/old_redrive_job.sql")).bind(days).fetch_optional(connection).await?;
    Ok(job_id.map(RedriveJobId))
}

/// Forgets up to `limit` dead letters of a locked job, or the job where it has no more. Answers whether it is forgotten.
pub async fn forget(connection: &mut PgConnection, job_id: RedriveJobId, limit: i64) -> Result<bool> {
    let done = sqlx::query(include_str!("sql/forget_redriven.sql"))
        .bind(job_id.0)
        .bind(limit)
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() > 0 {
        return Ok(false);
    }
    sqlx::query(include_str!("sql/forget_redrive_job.sql")).bind(job_id.0).execute(connection).await?;
    Ok(true)
}
