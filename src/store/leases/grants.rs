//! Gives the leases that `domain::assignment` decided on, and reads those that are held.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::ids::{EngineId, EventId, LeaseToken};
use crate::domain::leased_event::{LeasedEvent, PreviousAttempt};
use crate::domain::page::Page;
use crate::store::error::Result;
use crate::store::page::{PageRow, page, page_of};
use crate::store::row::{from_columns, from_row};

/// One lease to give: of a locked event, to a locked engine or to nobody known.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Locked by this transaction.
    pub event_id: EventId,
    /// New, and random.
    pub token: LeaseToken,
    /// Who gets it, and its incarnation; `None` for an anonymous lease.
    pub engine: Option<(EngineId, i32)>,
    /// The poll's own; else the event's, the queue's, the server's.
    pub visibility_timeout_seconds: Option<u32>,
    /// The poll's id and terms, for its repetition.
    pub poll: Option<(Uuid, String)>,
}

/// What holds for queues that have no setting of their own.
#[derive(Clone, Copy, Debug)]
pub struct LeaseDefaults {
    /// How long a lease lasts.
    pub visibility_timeout_seconds: u32,
    /// How long a lease may be renewed, from its beginning.
    pub max_lease_seconds: u32,
}

from_row!(LeasedEvent, "event_queue", event_id: EventId, {
    event_id, engine_type, event_type, payload, priority, scenario_run_id, created_at, available_at, attempt, spent, policy,
    previous, traceparent, tracestate, lease_token, leased_by, leased_at, expires_at, expires_in_seconds,
    visibility_timeout_seconds, poll_terms,
});

from_columns!(PreviousAttempt, {
    outcome: "previous_outcome", error: "previous_error", progress: "previous_progress", ended_at: "previous_ended_at",
});

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
    Ok(sqlx::query_as(concat!(include_str!("../sql/grant.sql"), include_str!("../sql/leased.sql")))
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
    Ok(sqlx::query_as(concat!(include_str!("../sql/leases_of_poll.sql"), include_str!("../sql/leased.sql")))
        .bind(Uuid::nil())
        .bind(Uuid::max())
        .bind(engine_id.map(|engine_id| engine_id.0))
        .bind(poll_id)
        .fetch_all(connection)
        .await?)
}

/// A page of what an engine holds, with payloads, behind the last one seen: the newest lease first.
pub async fn leases_of_engine(
    connection: &mut PgConnection,
    engine_id: EngineId,
    behind: Option<(DateTime<Utc>, EventId)>,
    limit: u32,
) -> Result<Page<LeasedEvent>> {
    let (leased_at, event_id) = behind.unwrap_or((DateTime::<Utc>::MAX_UTC, EventId(Uuid::max())));
    let rows: Vec<PageRow<LeasedEvent>> = sqlx::query_as(page!(
        order by "leased_at desc, event_id desc",
        bytes "payload_bytes::bigint + coalesce(octet_length(previous_error::text), 0)
            + coalesce(octet_length(previous_progress::text), 0)",
        include_str!("../sql/leases_of_engine.sql"),
        include_str!("../sql/leased.sql")
    ))
    .bind(Uuid::nil())
    .bind(Uuid::max())
    .bind(engine_id.0)
    .bind(leased_at)
    .bind(event_id.0)
    .bind(i64::from(limit) + 1)
    .fetch_all(connection)
    .await?;
    Ok(page_of(rows, limit))
}
