//! What an engine holds, page by page.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::ids::{EngineId, EventId};
use crate::domain::leased_event::LeasedEvent;
use crate::domain::page::Page;
use crate::store::Result;
use crate::store::page::{PageRow, page, page_of};

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
