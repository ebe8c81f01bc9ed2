//! Open events under their row locks: what a settle, the reaper or a registration decides upon.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::fence::OpenLease;
use crate::domain::ids::{EngineId, EventId};
use crate::domain::limits::SERVICE_GAP_SECONDS;
use crate::domain::verdict::{Loss, Spent};
use crate::store::error::Result;
use crate::store::row::{from_columns, from_row};

/// An open event, locked by this transaction.
#[derive(Clone, Debug)]
pub struct OpenEvent {
    /// Locked by this transaction.
    pub event_id: EventId,
    /// Its queue.
    pub engine_type: String,
    /// What the fence asks for.
    pub lease: OpenLease,
    /// 0 to 9.
    pub priority: u8,
    /// The number of the current or latest attempt; 0 before the first.
    pub attempt: i32,
    /// What it has spent of its budgets.
    pub spent: Spent,
    /// It ends as cancelled with its lease.
    pub is_cancel_requested: bool,
    /// When the lease runs out, or ran out.
    pub expires_at: Option<DateTime<Utc>>,
    /// Until the lease runs out; negative once it has, and 0 without one.
    pub expires_in_seconds: f64,
    /// How long ago the lease ran out; `None` while it has not.
    pub late_by_seconds: Option<f64>,
    /// How long the lease has been held.
    pub held_seconds: f64,
    /// Whether the lease has reached the end no renewal goes beyond.
    pub is_at_max_lease: bool,
}

impl OpenEvent {
    /// Why this lease, being over, is over.
    #[must_use]
    pub const fn expiry(&self) -> Loss {
        if self.is_at_max_lease { Loss::MaxLease } else { Loss::Expired }
    }
}

from_row!(OpenEvent, "event_leases", event_id: EventId, {
    event_id, engine_type, lease, priority, attempt, spent, is_cancel_requested, expires_at, expires_in_seconds,
    late_by_seconds, held_seconds, is_at_max_lease,
});

from_columns!(OpenLease, {
    is_processing: "is_processing", lease_token: "lease_token", holder: "leased_by",
});

/// A statement out of files: the columns first.
macro_rules! sql {
    ($($file:literal),+) => {
        concat!($(include_str!(concat!("../sql/", $file, ".sql"))),+)
    };
}

/// What to do about a row that somebody else has locked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Locking {
    /// Wait until it is free.
    Wait,
    /// Leave it out of the answer.
    SkipLocked,
}

/// Locks those of `events` that are open: first what is leased, then what is queued, each in the order of their ids.
///
/// A row that moves from one table to the other while it is waited for is found in neither. So what was not found is looked
/// for again, until one statement that reads both tables says that it is not open.
pub async fn lock(connection: &mut PgConnection, events: &[EventId], locking: Locking) -> Result<Vec<OpenEvent>> {
    let statements = match locking {
        Locking::Wait => [
            sql!("lease_columns", "among_leases", "lock_in_order"),
            sql!("queued_columns", "among_queued", "lock_in_order"),
        ],
        Locking::SkipLocked => [
            sql!("lease_columns", "among_leases", "lock_in_order", "skip_locked"),
            sql!("queued_columns", "among_queued", "lock_in_order", "skip_locked"),
        ],
    };
    let mut locked: Vec<OpenEvent> = Vec::new();
    let mut left: HashSet<EventId> = events.iter().copied().collect();
    while !left.is_empty() {
        for statement in statements {
            if !left.is_empty() {
                let ids: Vec<Uuid> = left.iter().map(|event| event.0).collect();
                let found: Vec<OpenEvent> = sqlx::query_as(statement).bind(ids).fetch_all(&mut *connection).await?;
                for event in &found {
                    left.remove(&event.event_id);
                }
                locked.extend(found);
            }
        }
        left = match locking {
            Locking::Wait => are_open(connection, &left).await?,
            Locking::SkipLocked => break,
        };
    }
    Ok(locked)
}

/// Those of `events` that are open, whoever has them locked.
pub async fn are_open(
    connection: &mut PgConnection,
    events: impl IntoIterator<Item = &EventId>,
) -> Result<HashSet<EventId>> {
    let ids: Vec<Uuid> = events.into_iter().map(|event| event.0).collect();
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let open: Vec<Uuid> =
        sqlx::query_scalar(include_str!("../sql/are_open.sql")).bind(ids).fetch_all(connection).await?;
    Ok(open.into_iter().map(EventId).collect())
}

/// Locks those of `events` that are leased, but not those that a repeat of their poll has taken over.
pub async fn lock_unrepeated(connection: &mut PgConnection, events: &[EventId]) -> Result<Vec<OpenEvent>> {
    let ids: Vec<Uuid> = events.iter().map(|event| event.0).collect();
    Ok(sqlx::query_as(sql!("lease_columns", "among_leases", "unrepeated", "lock_in_order"))
        .bind(ids)
        .fetch_all(connection)
        .await?)
}

/// Those of `events` that are leased, without locks: as they stand, for who only asks.
pub async fn read_leases(connection: &mut PgConnection, events: &[EventId]) -> Result<Vec<OpenEvent>> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = events.iter().map(|event| event.0).collect();
    Ok(sqlx::query_as(sql!("lease_columns", "among_leases")).bind(ids).fetch_all(connection).await?)
}

/// Locks all that an engine holds.
pub async fn lock_held_by(connection: &mut PgConnection, engine_id: EngineId) -> Result<Vec<OpenEvent>> {
    Ok(sqlx::query_as(sql!("lease_columns", "held_by", "lock_in_order"))
        .bind(engine_id.0)
        .fetch_all(connection)
        .await?)
}

/// Locks up to `limit` events whose lease has run out, the oldest first, passing over locked ones.
/// Only leases that ran out after `since` are read, and none while the service is away, and for `grace_seconds`
/// from when it is back.
pub async fn lock_expired(
    connection: &mut PgConnection,
    since: DateTime<Utc>,
    limit: u32,
    grace_seconds: u32,
) -> Result<Vec<OpenEvent>> {
    Ok(sqlx::query_as(sql!("lease_columns", "lock_expired"))
        .bind(i64::from(limit))
        .bind(f64::from(SERVICE_GAP_SECONDS))
        .bind(f64::from(grace_seconds))
        .bind(since)
        .fetch_all(connection)
        .await?)
}

/// Locks up to `limit` events that unresponsive engines hold, and these engines, passing over locked
/// ones. An engine that has sent no heartbeat since it registered keeps its leases until they expire. With the event's row alone locked, the engine would be as it was when the statement began:
/// one that came back meanwhile and leased the same event anew would lose that lease.
pub async fn lock_held_by_unresponsive(connection: &mut PgConnection, limit: u32) -> Result<Vec<OpenEvent>> {
    Ok(sqlx::query_as(sql!("lease_columns", "lock_held_by_unresponsive"))
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?)
}

/// Locks up to `limit` leased events behind the event `behind`, in the order of their ids, whose leases were granted before
/// `before`. Waits for rows that somebody else has locked.
pub async fn lock_leased_before(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
    behind: EventId,
    limit: u32,
) -> Result<Vec<OpenEvent>> {
    Ok(sqlx::query_as(sql!("lease_columns", "lock_leased_before"))
        .bind(before)
        .bind(behind.0)
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?)
}

/// A lease's new end.
#[derive(Clone, Debug)]
pub struct Renewed {
    /// The event.
    pub event_id: EventId,
    /// By the database's clock.
    pub expires_at: DateTime<Utc>,
    /// From the renewal on.
    pub expires_in_seconds: f64,
}

from_row!(Renewed, "event_leases", event_id: EventId, { event_id, expires_at, expires_in_seconds });

/// Renews the leases of locked events: to their own visibility timeout from now, or to the one
/// given (which may shorten), and never beyond their deadline. `may_shorten` is false for
/// heartbeats.
pub async fn renew(
    connection: &mut PgConnection,
    events: &[(EventId, Option<u32>, Option<&str>)],
    may_shorten: bool,
) -> Result<Vec<Renewed>> {
    let ids: Vec<Uuid> = events.iter().map(|(event_id, _, _)| event_id.0).collect();
    let seconds: Vec<Option<i32>> = events.iter().map(|(_, seconds, _)| seconds.map(u32::cast_signed)).collect();
    let progress: Vec<Option<&str>> = events.iter().map(|(_, _, progress)| *progress).collect();
    Ok(sqlx::query_as(include_str!("../sql/renew.sql"))
        .bind(ids)
        .bind(seconds)
        .bind(progress)
        .bind(may_shorten)
        .fetch_all(connection)
        .await?)
}
