//! Whose things are: what a limited token's reach is judged by.

use sqlx::PgConnection;

use super::Result;
use crate::domain::ids::{EngineId, EventId};

/// Whose an event is. Neither ever changes.
#[derive(Clone, PartialEq, Eq, Debug, sqlx::FromRow)]
pub struct EventScope {
    pub engine_type: String,
    /// The name of the token that brought it.
    pub enqueued_by: Option<String>,
}

/// `None` where there is no such event, or its history has been dropped.
pub async fn of_event(connection: &mut PgConnection, event_id: EventId) -> Result<Option<EventScope>> {
    Ok(sqlx::query_as(
        "select engine_type, enqueued_by from eventlease.events where event_id = $1
         union all
         select engine_type, enqueued_by from eventlease.dead_letters where event_id = $1
         limit 1",
    )
    .bind(event_id.0)
    .fetch_optional(connection)
    .await?)
}

/// The type of a registered engine.
pub async fn of_engine(connection: &mut PgConnection, engine_id: EngineId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar("select engine_type from eventlease.engine_states where engine_id = $1")
        .bind(engine_id.0)
        .fetch_optional(connection)
        .await?)
}
