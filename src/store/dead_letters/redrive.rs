//! Putting dead letters back into their queues.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::dead_letters::Overrides;
use crate::domain::ids::EventId;
use crate::domain::json::SentJson;
use crate::store::error::{Error, Result};
use crate::store::events::attempts::{self, CarriedAttempt};
use crate::store::partitions::{self, RETENTION_LOCK};
use crate::store::policies;
use crate::store::row::from_row;
use crate::store::runs;

/// An event that is in its queue again.
#[derive(Clone, Debug)]
pub struct Redriven {
    /// As it was, or of the new event.
    pub event_id: EventId,
    /// Its queue.
    pub engine_type: String,
    /// 0 to 9.
    pub priority: u8,
    /// When it is due.
    pub available_at: DateTime<Utc>,
    /// By the database's clock.
    pub is_due: bool,
}

from_row!(Redriven, "event_queue", event_id: EventId, { event_id, engine_type, priority, available_at, is_due });

/// What a redrive came to.
#[derive(Clone, Debug, Default)]
pub struct Redrive {
    /// In their queues again.
    pub redriven: Vec<Redriven>,
    /// Passed over, since their runs are cancelled: each with its run.
    pub of_cancelled_runs: Vec<(EventId, String)>,
}

/// Puts dead letters back into their queues, each with its id, its history and fresh budgets, and
/// due after its seconds. Those that are none are passed over. Chosen earlier, the seconds count from
/// `chosen_at`. Must run in a transaction: it keeps the events' partitions in place until then.
pub async fn redrive(
    connection: &mut PgConnection,
    events: &[(EventId, f64)],
    chosen_at: Option<DateTime<Utc>>,
    overrides: &Overrides,
) -> Result<Redrive> {
    sqlx::query(sqlx::AssertSqlSafe(format!("select pg_advisory_xact_lock_shared({RETENTION_LOCK})")))
        .execute(&mut *connection)
        .await?;
    let event_ids: Vec<EventId> = events.iter().map(|(event_id, _)| *event_id).collect();
    let Locked { letters, of_cancelled_runs } = lock(connection, &event_ids, chosen_at).await?;
    for (event_id, _) in letters.iter().filter(|(_, has_history)| !has_history) {
        partitions::make_for_event(connection, event_id.0).await?;
        sqlx::query(include_str!("../sql/restore_event.sql")).bind(event_id.0).execute(&mut *connection).await?;
        let carried = carried_attempts(connection, *event_id).await?;
        attempts::restore(connection, *event_id, &carried).await?;
    }
    let is_locked = |event_id: EventId| letters.iter().any(|(known, _)| *known == event_id);
    let (event_ids, delays): (Vec<Uuid>, Vec<f64>) =
        events.iter().filter(|(event_id, _)| is_locked(*event_id)).map(|(event_id, delay)| (event_id.0, delay)).unzip();
    let redriven = sqlx::query_as(include_str!("../sql/redrive.sql"))
        .bind(event_ids)
        .bind(delays)
        .bind(chosen_at)
        .bind(overrides.priority.map(i16::from))
        .bind(overrides.visibility_timeout_seconds.map(u32::cast_signed))
        .bind(overrides.retry_policy.as_ref().map(policies::to_json))
        .fetch_all(connection)
        .await?;
    Ok(Redrive { redriven, of_cancelled_runs })
}

/// Makes a new event of a dead letter, with another payload. The dead letter stays, marked by it,
/// with whatever is left of its history. Nothing is redriven of what is none, or was redriven so before.
pub async fn redrive_as_new(
    connection: &mut PgConnection,
    event_id: EventId,
    payload: &SentJson,
    delay_seconds: f64,
    overrides: &Overrides,
) -> Result<Redrive> {
    let Locked { letters, of_cancelled_runs } = lock(connection, &[event_id], None).await?;
    if letters.is_empty() {
        return Ok(Redrive { of_cancelled_runs, ..Redrive::default() });
    }
    let redriven = sqlx::query_as(include_str!("../sql/redrive_as_new.sql"))
        .bind(event_id.0)
        .bind(payload.get())
        .bind(overrides.priority.map(i16::from))
        .bind(delay_seconds)
        .bind(overrides.visibility_timeout_seconds.map(u32::cast_signed))
        .bind(overrides.retry_policy.as_ref().map(policies::to_json))
        .fetch_one(connection)
        .await?;
    Ok(Redrive { redriven: vec![redriven], of_cancelled_runs })
}

/// Dead letters that can be redriven, locked, and those whose runs are cancelled.
struct Locked {
    /// Each with whether its history is whole.
    letters: Vec<(EventId, bool)>,
    of_cancelled_runs: Vec<(EventId, String)>,
}

/// Locks what can be redriven of them, and the runs it belongs to.
async fn lock(
    connection: &mut PgConnection,
    event_ids: &[EventId],
    chosen_at: Option<DateTime<Utc>>,
) -> Result<Locked> {
    let event_ids: Vec<Uuid> = event_ids.iter().map(|event_id| event_id.0).collect();
    let rows: Vec<(Uuid, String, Option<String>, bool)> = sqlx::query_as(include_str!("../sql/lock_dead_letters.sql"))
        .bind(event_ids)
        .bind(chosen_at)
        .fetch_all(&mut *connection)
        .await?;
    let cancelled = runs::lock(connection, rows.iter().filter_map(|(_, _, run, _)| run.as_deref())).await?;
    let mut locked = Locked { letters: Vec::new(), of_cancelled_runs: Vec::new() };
    for (event_id, engine_type, run, has_history) in rows {
        match run.filter(|run| cancelled.has(run, &engine_type)) {
            Some(run) => locked.of_cancelled_runs.push((EventId(event_id), run)),
            None => locked.letters.push((EventId(event_id), has_history)),
        }
    }
    Ok(locked)
}

/// The attempts that a dead letter carries, the oldest first.
async fn carried_attempts(connection: &mut PgConnection, event_id: EventId) -> Result<Vec<CarriedAttempt>> {
    let attempts: String = sqlx::query_scalar("select attempts::text from eventlease.dead_letters where event_id = $1")
        .bind(event_id.0)
        .fetch_one(connection)
        .await?;
    serde_json::from_str(&attempts)
        .map_err(|error| Error::corrupt("dead_letters", "attempts", event_id, &error.to_string()))
}
