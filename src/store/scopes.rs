//! Whose things are: what a limited token's reach is judged by.

use sqlx::PgConnection;

use super::Result;
use crate::domain::ids::{EngineId, EventId};

/// Whose an event is. Neither ever changes.
#[derive(Clone, PartialEq, Eq, Debug, sqlx_macros::FromRow)]
pub struct EventScope {
    pub engine_type: String,
    /// The name of the token that brought it.
    pub enqueued_by: Option<String>,
}

/// `None` where there is no such event, or its history has been dropped.
pub async fn of_event(connection: &mut PgConnection, event_id: EventId) -> Result<Option<EventScope>> {
    Ok(sqlx::query_as(include_str!("sql/event_scope.sql")).bind(event_id.0).fetch_optional(connection).await?)
}

/// The type of a registered engine.
pub async fn of_engine(connection: &mut PgConnection, engine_id: EngineId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar("select engine_type from eventlease.engine_states where engine_id = $1")
        .bind(engine_id.0)
        .fetch_optional(connection)
        .await?)
}
