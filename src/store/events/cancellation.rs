//! Which events are to be cancelled, and requests to cancel those that engines hold.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::ids::EventId;
use crate::store::error::Result;

/// Marks events as to be cancelled when their leases end; until then the leases go on.
pub async fn request(connection: &mut PgConnection, events: &[EventId]) -> Result<()> {
    let ids: Vec<Uuid> = events.iter().map(|event| event.0).collect();
    sqlx::query(include_str!("../sql/request_cancel.sql")).bind(ids).execute(connection).await?;
    Ok(())
}

/// Up to `limit` queued events whose `discard_after_seconds` are over.
pub async fn events_too_old(connection: &mut PgConnection, limit: u32) -> Result<Vec<EventId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(include_str!("../sql/events_too_old.sql"))
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?;
    Ok(ids.into_iter().map(EventId).collect())
}
