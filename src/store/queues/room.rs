//! The limits on the number of queues and of event types. A transaction that is about to make one more holds a lock until
//! its commit, so that replicas together make no more than the limit allows.

use sqlx::PgConnection;

use crate::store::error::Result;

const ROOM_LOCK: &str = "select pg_advisory_xact_lock(hashtextextended('eventlease.room', 0))";

/// Queues that do not exist.
#[derive(Debug, Default)]
pub struct Room {
    /// They can be made.
    pub missing: Vec<String>,
    /// There would be too many.
    pub full: Vec<String>,
}

/// Which of the queues do not exist, and which of them cannot be made, since there would be more than `max_queues`. To be
/// asked before rows of engines and queues are locked.
pub async fn room_for_queues(connection: &mut PgConnection, engine_types: &[&str], max_queues: u32) -> Result<Room> {
    if missing_queues(connection, engine_types).await?.is_empty() {
        return Ok(Room::default());
    }
    sqlx::query(ROOM_LOCK).execute(&mut *connection).await?;
    // In statements after the lock, so that what was made meanwhile is seen.
    let mut missing = missing_queues(connection, engine_types).await?;
    let there: i64 =
        sqlx::query_scalar("select count(*) from (select from eventlease.queues order by engine_type limit $1) queues")
            .bind(i64::from(max_queues))
            .fetch_one(connection)
            .await?;
    let room = usize::try_from(i64::from(max_queues) - there).unwrap_or(0);
    let full = missing.split_off(room.min(missing.len()));
    Ok(Room { missing, full })
}

async fn missing_queues(connection: &mut PgConnection, engine_types: &[&str]) -> Result<Vec<String>> {
    if engine_types.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_scalar(
        "select asked.engine_type from unnest($1::text[]) with ordinality as asked (engine_type, place)
         where not exists (select from eventlease.queues q where q.engine_type = asked.engine_type)
         order by asked.place",
    )
    .bind(engine_types)
    .fetch_all(connection)
    .await?)
}

/// How many event types have a policy.
pub async fn count_event_types(connection: &mut PgConnection) -> Result<i64> {
    Ok(sqlx::query_scalar("select count(*) from (select from eventlease.event_types order by event_type) types")
        .fetch_one(connection)
        .await?)
}

/// Whether the event type has a policy, or may get one as one of `max_event_types`.
pub async fn has_room_for_event_type(
    connection: &mut PgConnection,
    event_type: &str,
    max_event_types: u32,
) -> Result<bool> {
    sqlx::query(ROOM_LOCK).execute(&mut *connection).await?;
    Ok(sqlx::query_scalar(
        "select exists (select from eventlease.event_types where event_type = $1)
            or (select count(*) from (select from eventlease.event_types order by event_type limit $2) types) < $2",
    )
    .bind(event_type)
    .bind(i64::from(max_event_types))
    .fetch_one(connection)
    .await?)
}
