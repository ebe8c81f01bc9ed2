//! Leases that are held, with all that their engines are told.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::explain::start::QueueLeases;
use crate::domain::ids::{EngineId, EventId};
use crate::domain::leased_event::{LeasedEvent, PreviousAttempt};
use crate::domain::page::Page;
use crate::store::error::Result;
use crate::store::page::{PageRow, page, page_of};
use crate::store::row::{from_columns, from_row};

from_row!(LeasedEvent, "event_leases", event_id: EventId, {
    event_id, engine_type, event_type, payload, payload_bytes, priority, scenario_run_id, created_at, available_at, attempt, spent, policy,
    previous, traceparent, tracestate, lease_token, leased_by, leased_at, expires_at, expires_in_seconds, deadline_at,
    visibility_timeout_seconds, poll_terms,
});

from_columns!(PreviousAttempt, {
    outcome: "previous_outcome", error: "previous_error", progress: "previous_progress", ended_at: "previous_ended_at",
    code: "previous_code", reason: "previous_reason",
});

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

/// What is held of a queue. `most` is how many of its leases are read.
pub async fn queue_leases(connection: &mut PgConnection, engine_type: &str, most: i32) -> Result<QueueLeases> {
    let (first_end, began_at, suspect_holders) = sqlx::query_as(include_str!("../sql/queue_leases.sql"))
        .bind(engine_type)
        .bind(most)
        .fetch_one(connection)
        .await?;
    Ok(QueueLeases { first_end, began_at, suspect_holders })
}

/// A page of what an engine holds, with payloads unless it is brief, behind the last one seen: the newest lease first.
pub async fn leases_of_engine(
    connection: &mut PgConnection,
    engine_id: EngineId,
    behind: Option<(DateTime<Utc>, EventId)>,
    limit: u32,
    is_brief: bool,
) -> Result<Page<LeasedEvent>> {
    let (leased_at, event_id) = behind.unwrap_or((DateTime::<Utc>::MAX_UTC, EventId(Uuid::max())));
    let rows: Vec<PageRow<LeasedEvent>> = sqlx::query_as(page!(
        order by "leased_at desc, event_id desc",
        bytes "case when is_brief then 0 else payload_bytes::bigint end + coalesce(octet_length(previous_error::text), 0)
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
    .bind(is_brief)
    .fetch_all(connection)
    .await?;
    Ok(page_of(rows, limit))
}
