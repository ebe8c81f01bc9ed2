//! Where a queued event stands in its line.

use sqlx::PgConnection;

use crate::domain::explain::event::Place;
use crate::domain::ids::EventId;
use crate::domain::lane::Lane;
use crate::store::error::Result;

/// How many events are leased before it, counted up to `most`; `None` while it is not queued.
pub async fn read(connection: &mut PgConnection, event_id: EventId, most: i64) -> Result<Option<Place>> {
    let found: Option<(i16, i64, i64)> = sqlx::query_as(include_str!("../sql/place_in_line.sql"))
        .bind(event_id.0)
        .bind(most)
        .fetch_optional(connection)
        .await?;
    Ok(found.map(|(lane, ahead, ahead_by_priority)| Place { lane: Lane::of_number(lane), ahead, ahead_by_priority }))
}
