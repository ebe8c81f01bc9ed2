//! Putting dead letters back into their queues.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::dead_letters::Overrides;
use crate::domain::ids::EventId;
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
    /// What it was made of.
    pub dead_letter_id: EventId,
    /// Its queue.
    pub engine_type: String,
    /// 0 to 9.
    pub priority: u8,
    /// When it is due.
    pub available_at: DateTime<Utc>,
    /// By the database's clock.
    pub is_due: bool,
}

from_row!(Redriven, "event_queue", event_id: EventId, { event_id, dead_letter_id, engine_type, priority, available_at, is_due });

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
    let held = held(&claim_keys(connection, wanted_keys(&event_ids, &letters, false)).await?);
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

/// The unique keys of locked dead letters: of several with one key, the first in the order of `event_ids` is to get it. As new
/// events they have other ids.
fn wanted_keys<'a>(event_ids: &[EventId], letters: &'a [Letter], are_new: bool) -> Vec<(EventId, WantedKey<'a>)> {
    letters
        .iter()
        .filter_map(|letter| {
            let event_id = EventId(letter.event_id);
            let wanted = WantedKey {
                engine_type: &letter.engine_type,
                unique_key: letter.unique_key.as_deref()?,
                event_id: (!are_new).then_some(event_id),
                place: event_ids.iter().position(|asked| *asked == event_id).unwrap_or_default(),
                available_at: None,
            };
            Some((event_id, wanted))
        })
        .collect()
}

/// Claims unique keys for dead letters. Answers what came of each that has one.
async fn claim_keys(
    connection: &mut PgConnection,
    wanted: Vec<(EventId, WantedKey<'_>)>,
) -> Result<Vec<(EventId, ClaimedKey)>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let (event_ids, wanted): (Vec<EventId>, Vec<WantedKey<'_>>) = wanted.into_iter().unzip();
    let claimed = open_keys::claim(connection, &wanted, MAX_DELAY_SECONDS).await?;
    Ok(event_ids.into_iter().zip(claimed).collect())
}

/// Those whose keys other events hold, each with that event.
fn held(claimed: &[(EventId, ClaimedKey)]) -> Vec<(EventId, EventId)> {
    let held = claimed.iter().filter_map(|(event_id, claimed)| match claimed {
        ClaimedKey::Held(holder) => Some((*event_id, *holder)),
        ClaimedKey::Ours(_) | ClaimedKey::TooFarAway => None,
    });
    held.collect()
}

/// A dead letter that a new event is to be made of.
#[derive(Clone, Copy, Debug)]
pub struct AsNew<'a> {
    /// The dead letter.
    pub event_id: EventId,
    /// Of the new event, JSON.
    pub payload: &'a str,
    /// Until the new event is due.
    pub delay_seconds: f64,
}

/// Makes new events of dead letters, with other payloads. The dead letters stay, marked by them, with whatever is left of their
/// history, and their unique keys go over to the new events. Nothing is redriven of what is none, or was redriven so before.
/// Chosen earlier, the seconds count from `chosen_at`.
pub async fn redrive_as_new(
    connection: &mut PgConnection,
    events: &[AsNew<'_>],
    chosen_at: Option<DateTime<Utc>>,
    overrides: &Overrides,
) -> Result<Redrive> {
    let event_ids: Vec<EventId> = events.iter().map(|event| event.event_id).collect();
    let Locked { letters, of_cancelled_runs } = lock(connection, &event_ids, chosen_at).await?;
    let claimed = claim_keys(connection, wanted_keys(&event_ids, &letters, true)).await?;
    let held = held(&claimed);
    let new_ids: HashMap<EventId, EventId> = claimed
        .into_iter()
        .filter_map(|(event_id, claimed)| match claimed {
            ClaimedKey::Ours(new_id) => Some((event_id, new_id)),
            ClaimedKey::Held(_) | ClaimedKey::TooFarAway => None,
        })
        .collect();
    let is_free = |event_id: EventId| {
        letters.iter().any(|letter| letter.event_id == event_id.0) && !held.iter().any(|(held, _)| *held == event_id)
    };
    let made: Vec<&AsNew<'_>> = events.iter().filter(|event| is_free(event.event_id)).collect();
    if made.is_empty() {
        return Ok(Redrive { redriven: Vec::new(), of_cancelled_runs, held });
    }
    let redriven = sqlx::query_as(include_str!("../sql/redrive_as_new.sql"))
        .bind(made.iter().map(|event| event.event_id.0).collect::<Vec<_>>())
        .bind(made.iter().map(|event| event.payload).collect::<Vec<_>>())
        .bind(overrides.priority.map(i16::from))
        .bind(made.iter().map(|event| event.delay_seconds).collect::<Vec<_>>())
        .bind(overrides.visibility_timeout_seconds.map(u32::cast_signed))
        .bind(overrides.retry_policy.as_ref().map(policies::to_json))
        .bind(made.iter().map(|event| new_ids.get(&event.event_id).map(|new_id| new_id.0)).collect::<Vec<_>>())
        .bind(chosen_at)
        .fetch_all(connection)
        .await?;
    Ok(Redrive { redriven, of_cancelled_runs, held })
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
