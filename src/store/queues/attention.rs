//! What shows that a queue needs somebody: new dead letters, and events that kill engines.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::ids::EventId;
use crate::domain::limits::{
    MAX_COUNTED_NEW_DEAD_LETTERS, MAX_SUSPECTS_LOOKED_AT, MIN_NEW_DEAD_LETTERS, POISON_LEASE_LOSSES,
};
use crate::domain::snapshot::{NewDeadLetters, Poison};
use crate::store::error::Result;

#[derive(sqlx_macros::FromRow)]
struct DeadRow {
    engine_type: String,
    count: i64,
    causes: i64,
    since: DateTime<Utc>,
    of_day_before: i64,
}

/// The dead letters of the last hour, by queue.
pub async fn new_dead_letters(connection: &mut PgConnection) -> Result<HashMap<String, NewDeadLetters>> {
    let rows: Vec<DeadRow> = sqlx::query_as(include_str!("../sql/new_dead_letters.sql"))
        .bind(MAX_COUNTED_NEW_DEAD_LETTERS)
        .bind(MIN_NEW_DEAD_LETTERS)
        .fetch_all(connection)
        .await?;
    let found = rows.into_iter().map(|row| {
        let DeadRow { count, causes, since, of_day_before, .. } = row;
        (row.engine_type, NewDeadLetters { count, causes, since, of_day_before })
    });
    Ok(found.collect())
}

#[derive(sqlx_macros::FromRow)]
struct PoisonRow {
    engine_type: String,
    count: i64,
    worst: Uuid,
    lease_losses: i32,
}

/// The events of these queues that were lost in silence again and again.
pub async fn poison(connection: &mut PgConnection, engine_types: &[&str]) -> Result<HashMap<String, Poison>> {
    if engine_types.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<PoisonRow> = sqlx::query_as(include_str!("../sql/poison.sql"))
        .bind(engine_types)
        .bind(MAX_SUSPECTS_LOOKED_AT)
        .bind(POISON_LEASE_LOSSES)
        .fetch_all(connection)
        .await?;
    let found = rows.into_iter().map(|row| {
        let PoisonRow { count, worst, lease_losses, .. } = row;
        (row.engine_type, Poison { count, worst: EventId(worst), lease_losses })
    });
    Ok(found.collect())
}
