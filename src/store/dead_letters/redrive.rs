//! Putting dead letters back into their queues.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::dead_letters::Overrides;
use crate::domain::ids::EventId;
use crate::domain::json::SentJson;
use crate::domain::limits::MAX_DELAY_SECONDS;
use crate::store::error::{Error, Result};
use crate::store::events::attempts::{self, CarriedAttempt};
use crate::store::events::open_keys::{self, ClaimedKey, WantedKey};
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
    /// Passed over, since another open event of their queue has their unique key: each with that event.
    pub held: Vec<(EventId, EventId)>,
}

/// Puts dead letters back into their queues, each with its id, its history and fresh budgets, and
/// due after its seconds. Those that are none are passed over, and so are those whose unique key is held. Chosen earlier, the seconds count from
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
    let held = claim_keys(connection, &event_ids, &letters).await?;
    let is_held = |letter: &Letter| held.iter().any(|(event_id, _)| event_id.0 == letter.event_id);
    let letters: Vec<Letter> = letters.into_iter().filter(|letter| !is_held(letter)).collect();
    for letter in letters.iter().filter(|letter| !letter.has_history) {
        let event_id = EventId(letter.event_id);
        partitions::make_for_event(connection, event_id.0).await?;
        sqlx::query(include_str!("../sql/restore_event.sql")).bind(event_id.0).execute(&mut *connection).await?;
        let carried = carried_attempts(connection, event_id).await?;
        attempts::restore(connection, event_id, &carried).await?;
    }
    let is_locked = |event_id: EventId| letters.iter().any(|letter| letter.event_id == event_id.0);
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
    Ok(Redrive { redriven, of_cancelled_runs, held })
}

/// Claims the unique keys of locked dead letters for them. Of several with one key, the first in the order of `event_ids` gets
/// it. Answers which did not get theirs, each with the event that has it.
async fn claim_keys(
    connection: &mut PgConnection,
    event_ids: &[EventId],
    letters: &[Letter],
) -> Result<Vec<(EventId, EventId)>> {
    let wanted: Vec<WantedKey<'_>> = letters
        .iter()
        .filter_map(|letter| {
            let event_id = EventId(letter.event_id);
            Some(WantedKey {
                engine_type: &letter.engine_type,
                unique_key: letter.unique_key.as_deref()?,
                event_id: Some(event_id),
                place: event_ids.iter().position(|asked| *asked == event_id).unwrap_or_default(),
                available_at: None,
            })
        })
        .collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let claimed = open_keys::claim(connection, &wanted, MAX_DELAY_SECONDS).await?;
    let held = wanted.iter().zip(claimed).filter_map(|(wanted, claimed)| match claimed {
        ClaimedKey::Held(holder) => Some((wanted.event_id?, holder)),
        ClaimedKey::Ours(_) | ClaimedKey::TooFarAway => None,
    });
    Ok(held.collect())
}

/// Makes a new event of a dead letter, with another payload. The dead letter stays, marked by it, with whatever is left of its
/// history, and its unique key goes over to the new event. Nothing is redriven of what is none, or was redriven so before.
pub async fn redrive_as_new(
    connection: &mut PgConnection,
    event_id: EventId,
    payload: &SentJson,
    delay_seconds: f64,
    overrides: &Overrides,
) -> Result<Redrive> {
    let Locked { mut letters, of_cancelled_runs } = lock(connection, &[event_id], None).await?;
    let Some(letter) = letters.pop() else {
        return Ok(Redrive { of_cancelled_runs, ..Redrive::default() });
    };
    let new_id = match &letter.unique_key {
        Some(unique_key) => {
            let (engine_type, event_id, available_at) = (letter.engine_type.as_str(), None, None);
            let wanted = WantedKey { engine_type, unique_key, event_id, place: 0, available_at };
            match open_keys::claim(connection, &[wanted], MAX_DELAY_SECONDS).await?.first() {
                Some(ClaimedKey::Ours(new_id)) => Some(*new_id),
                Some(ClaimedKey::Held(holder)) => {
                    return Ok(Redrive { held: vec![(EventId(letter.event_id), *holder)], ..Redrive::default() });
                }
                Some(ClaimedKey::TooFarAway) | None => None,
            }
        }
        None => None,
    };
    let redriven = sqlx::query_as(include_str!("../sql/redrive_as_new.sql"))
        .bind(event_id.0)
        .bind(payload.get())
        .bind(overrides.priority.map(i16::from))
        .bind(delay_seconds)
        .bind(overrides.visibility_timeout_seconds.map(u32::cast_signed))
        .bind(overrides.retry_policy.as_ref().map(policies::to_json))
        .bind(new_id.map(|new_id| new_id.0))
        .fetch_one(connection)
        .await?;
    Ok(Redrive { redriven: vec![redriven], ..Redrive::default() })
}

/// Dead letters that can be redriven, locked, and those whose runs are cancelled.
struct Locked {
    letters: Vec<Letter>,
    of_cancelled_runs: Vec<(EventId, String)>,
}

/// A dead letter, locked.
#[derive(sqlx_macros::FromRow)]
struct Letter {
    event_id: Uuid,
    engine_type: String,
    scenario_run_id: Option<String>,
    unique_key: Option<String>,
    has_history: bool,
}

/// Locks what can be redriven of them, and the runs it belongs to.
async fn lock(
    connection: &mut PgConnection,
    event_ids: &[EventId],
    chosen_at: Option<DateTime<Utc>>,
) -> Result<Locked> {
    let event_ids: Vec<Uuid> = event_ids.iter().map(|event_id| event_id.0).collect();
    let rows: Vec<Letter> = sqlx::query_as(include_str!("../sql/lock_dead_letters.sql"))
        .bind(event_ids)
        .bind(chosen_at)
        .fetch_all(&mut *connection)
        .await?;
    let cancelled = runs::lock(connection, rows.iter().filter_map(|letter| letter.scenario_run_id.as_deref())).await?;
    let mut locked = Locked { letters: Vec::new(), of_cancelled_runs: Vec::new() };
    for letter in rows {
        match letter.scenario_run_id.as_deref().filter(|run| cancelled.has(run, &letter.engine_type)) {
            Some(run) => locked.of_cancelled_runs.push((EventId(letter.event_id), run.to_owned())),
            None => locked.letters.push(letter),
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
