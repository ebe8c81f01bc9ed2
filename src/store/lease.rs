//! Leasing, step by step within one transaction: lock the engines, count what they hold in a later
//! statement (in the same one three concurrent polls got 15 events at a limit of 5), lock due
//! events, and give the leases that `domain::dealing` decided on.

mod of_engine;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{FromRow as _, PgConnection};
use uuid::Uuid;

use super::Result;
use super::queues::Gate;
use super::row::{Field, from_row};
use crate::domain::engine::EngineStatus;
use crate::domain::ids::{EngineId, EventId, LeaseToken};
use crate::domain::leased_event::{LeasedEvent, PreviousAttempt};

pub use of_engine::leases_of_engine;

/// A registered engine, as read under its row lock.
#[derive(Clone, Debug)]
pub struct LockedEngine {
    pub engine_id: EngineId,
    pub engine_type: String,
    pub status: EngineStatus,
    pub incarnation: i32,
    pub max_concurrent_events: Option<u32>,
    /// Of the queue of its type.
    pub gate: Gate,
}

from_row!(LockedEngine, "engine_states", engine_id: EngineId, {
    engine_id, engine_type, status, incarnation, max_concurrent_events, gate,
});

impl Field for Gate {
    fn read(row: &PgRow, _: &'static str) -> sqlx::Result<Self> {
        Self::from_row(row)
    }
}

/// Locks engines, in the order of their ids; unknown ones are missing from the answer. Whoever
/// registers one of them anew, or removes it, waits for this transaction, and the other way round.
pub async fn lock_engines(connection: &mut PgConnection, engines: &[EngineId]) -> Result<Vec<LockedEngine>> {
    let ids: Vec<Uuid> = engines.iter().map(|engine| engine.0).collect();
    Ok(sqlx::query_as(
        "select s.engine_id, s.engine_type, s.status, s.incarnation, s.max_concurrent_events,
            coalesce(u.paused_at is not null and (u.resume_at is null or u.resume_at > statement_timestamp()), false)
                as is_paused,
            u.default_limit, u.max_processing
         from eventlease.engine_states s
         left join eventlease.queues u on u.engine_type = s.engine_type
         where s.engine_id = any($1)
         order by s.engine_id
         for no key update of s",
    )
    .bind(ids)
    .fetch_all(connection)
    .await?)
}

/// What one engine holds now.
#[derive(Clone, Debug)]
pub struct Held {
    pub event_ids: Vec<EventId>,
    pub has_suspect: bool,
    /// The polls that were given these leases.
    pub poll_ids: Vec<Uuid>,
    /// The oldest of them is of then; without any, it is now.
    pub since: DateTime<Utc>,
    pub counted_at: DateTime<Utc>,
}

impl Held {
    const fn nothing(counted_at: DateTime<Utc>) -> Self {
        Self { event_ids: Vec::new(), has_suspect: false, poll_ids: Vec::new(), since: counted_at, counted_at }
    }

    #[must_use]
    pub fn leases(&self) -> u32 {
        u32::try_from(self.event_ids.len()).unwrap_or(u32::MAX)
    }
}

/// Where to count what an engine holds: what was leased since, and of what was leased before, no more than these.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CountFrom {
    pub since: DateTime<Utc>,
    pub known: Vec<EventId>,
}

#[derive(sqlx::FromRow)]
struct HeldRow {
    place: Option<i32>,
    event_id: Option<Uuid>,
    is_suspect: Option<bool>,
    poll_id: Option<Uuid>,
    leased_at: DateTime<Utc>,
}

/// Counts what locked engines hold, in their order. Must be a later statement than the one that locked them.
pub async fn count_held(connection: &mut PgConnection, engines: &[(EngineId, CountFrom)]) -> Result<Vec<Held>> {
    if engines.is_empty() {
        return Ok(Vec::new());
    }
    let (mut known, mut places) = (Vec::new(), Vec::new());
    for (place, (_, count_from)) in (1_i32..).zip(engines) {
        known.extend(count_from.known.iter().map(|event_id| event_id.0));
        places.resize(known.len(), place);
    }
    let rows: Vec<HeldRow> = sqlx::query_as(include_str!("sql/count_held.sql"))
        .bind(engines.iter().map(|(engine_id, _)| engine_id.0).collect::<Vec<_>>())
        .bind(engines.iter().map(|(_, count_from)| count_from.since).collect::<Vec<_>>())
        .bind(known)
        .bind(places)
        .fetch_all(connection)
        .await?;
    let counted_at = rows.iter().find(|row| row.place.is_none()).map_or(DateTime::UNIX_EPOCH, |row| row.leased_at);
    let mut held = vec![Held::nothing(counted_at); engines.len()];
    for row in rows {
        if let (Some(place), Some(event_id)) = (row.place, row.event_id) {
            let held = &mut held[usize::try_from(place - 1).expect("an engine's place")];
            held.event_ids.push(EventId(event_id));
            held.poll_ids.extend(row.poll_id);
            held.has_suspect |= row.is_suspect == Some(true);
            held.since = held.since.min(row.leased_at);
        }
    }
    Ok(held)
}

/// One lease to give: of a locked event, to a locked engine or to nobody known.
#[derive(Clone, Debug)]
pub struct Grant {
    pub event_id: EventId,
    pub token: LeaseToken,
    pub engine: Option<(EngineId, i32)>,
    /// The poll's own; else the event's, the queue's, the server's.
    pub visibility_timeout_seconds: Option<u32>,
    /// The poll's id and terms, for its repetition.
    pub poll: Option<(Uuid, String)>,
}

/// What holds for queues that have no setting of their own.
#[derive(Clone, Copy, Debug)]
pub struct LeaseDefaults {
    pub visibility_timeout_seconds: u32,
    pub max_lease_seconds: u32,
}

from_row!(LeasedEvent, "event_queue", event_id: EventId, {
    event_id, engine_type, event_type, payload, priority, scenario_run_id, created_at, available_at, attempt, spent, policy,
    previous, traceparent, tracestate, lease_token, leased_by, leased_at, expires_at, expires_in_seconds,
    visibility_timeout_seconds, poll_terms,
});

impl Field for PreviousAttempt {
    fn read(row: &PgRow, _: &'static str) -> sqlx::Result<Self> {
        Ok(Self {
            outcome: Field::read(row, "previous_outcome")?,
            error: Field::read(row, "previous_error")?,
            progress: Field::read(row, "previous_progress")?,
            ended_at: Field::read(row, "previous_ended_at")?,
        })
    }

    fn is_null(row: &PgRow, _: &'static str) -> sqlx::Result<bool> {
        Uuid::is_null(row, "previous_outcome")
    }
}

/// Gives the leases, in the order of `grants`.
pub async fn grant(
    connection: &mut PgConnection,
    grants: &[Grant],
    defaults: LeaseDefaults,
) -> Result<Vec<LeasedEvent>> {
    if grants.is_empty() {
        return Ok(Vec::new());
    }
    let mut ids = Vec::with_capacity(grants.len());
    let mut tokens = Vec::with_capacity(grants.len());
    let mut engines = Vec::with_capacity(grants.len());
    let mut incarnations = Vec::with_capacity(grants.len());
    let mut visibility_timeouts = Vec::with_capacity(grants.len());
    let mut poll_ids = Vec::with_capacity(grants.len());
    let mut poll_terms = Vec::with_capacity(grants.len());
    for grant in grants {
        ids.push(grant.event_id.0);
        tokens.push(grant.token.as_uuid());
        engines.push(grant.engine.map(|(engine_id, _)| engine_id.0));
        incarnations.push(grant.engine.map(|(_, incarnation)| incarnation));
        visibility_timeouts.push(grant.visibility_timeout_seconds.map(u32::cast_signed));
        poll_ids.push(grant.poll.as_ref().map(|(poll_id, _)| *poll_id));
        poll_terms.push(grant.poll.as_ref().map(|(_, terms)| terms.as_str()));
    }
    Ok(sqlx::query_as(concat!(include_str!("sql/grant.sql"), include_str!("sql/leased.sql")))
        .bind(ids.iter().min())
        .bind(ids.iter().max())
        .bind(&ids)
        .bind(tokens)
        .bind(engines)
        .bind(incarnations)
        .bind(visibility_timeouts)
        .bind(poll_ids)
        .bind(defaults.visibility_timeout_seconds.cast_signed())
        .bind(defaults.max_lease_seconds.cast_signed())
        .bind(poll_terms)
        .fetch_all(connection)
        .await?)
}

/// The leases that one poll was given and that still hold, as they were given.
pub async fn leases_of_poll(
    connection: &mut PgConnection,
    engine_id: Option<EngineId>,
    poll_id: Uuid,
) -> Result<Vec<LeasedEvent>> {
    Ok(sqlx::query_as(concat!(include_str!("sql/leases_of_poll.sql"), include_str!("sql/leased.sql")))
        .bind(Uuid::nil())
        .bind(Uuid::max())
        .bind(engine_id.map(|engine_id| engine_id.0))
        .bind(poll_id)
        .fetch_all(connection)
        .await?)
}

/// An engine, as far as a parked poll of it has to know.
#[derive(Debug)]
pub struct Glance {
    pub engine_id: EngineId,
    pub engine_type: String,
    pub status: EngineStatus,
    pub holds_any: bool,
}

from_row!(Glance, "engine_states", engine_id: EngineId, { engine_id, engine_type, status, holds_any });

/// Looks at engines, and whether they hold anything leased since; unknown ones are missing from the answer.
pub async fn glance_at_engines(
    connection: &mut PgConnection,
    engines: &[EngineId],
    since: &[DateTime<Utc>],
) -> Result<Vec<Glance>> {
    let ids: Vec<Uuid> = engines.iter().map(|engine| engine.0).collect();
    Ok(sqlx::query_as(
        "select s.engine_id, s.engine_type, s.status, exists (
                select from eventlease.event_queue q
                where q.leased_by = asked.engine_id and q.leased_at >= asked.since) as holds_any
         from unnest($1::uuid[], $2::timestamptz[]) as asked (engine_id, since)
         cross join lateral (
             select s.engine_id, s.engine_type, s.status from eventlease.engine_states s
             where s.engine_id = asked.engine_id
             limit 1
         ) s",
    )
    .bind(ids)
    .bind(since)
    .fetch_all(connection)
    .await?)
}
