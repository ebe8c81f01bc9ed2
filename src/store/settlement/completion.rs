//! Ending leases with success: by far the most frequent end, so it has a statement of its own that
//! reads, decides and writes in one go.

use sqlx::PgConnection;

use crate::domain::ids::{EngineId, EventId, LeaseToken};
use crate::store::error::Result;
use crate::store::row::from_row;

/// An engine's report that it has completed an event.
#[derive(Clone, Copy, Debug)]
pub struct Completion<'a> {
    /// The event.
    pub event_id: EventId,
    /// As the engine shows it.
    pub lease_token: LeaseToken,
    /// Where it says who it is.
    pub caller: Option<EngineId>,
    /// JSON.
    pub result: Option<&'a str>,
}

/// An event that was completed.
#[derive(Clone, Debug)]
pub struct Completed {
    /// The event.
    pub event_id: EventId,
    /// Its queue.
    pub engine_type: String,
    /// The number of the attempt.
    pub attempt: i32,
    /// `None` for an anonymous lease.
    pub leased_by: Option<EngineId>,
    /// How long the lease was held.
    pub held_seconds: f64,
    /// Whether the lease had run out before.
    pub is_late: bool,
}

from_row!(Completed, "event_leases", event_id: EventId, { event_id, engine_type, attempt, leased_by, held_seconds, is_late });

/// Completes those events whose lease has that token, and that nobody else has locked. An event may occur once.
pub async fn complete(connection: &mut PgConnection, completions: &mut [Completion<'_>]) -> Result<Vec<Completed>> {
    // In one order, so that no two batches wait for each other.
    completions.sort_unstable_by_key(|completion| completion.event_id);
    Ok(sqlx::query_as(include_str!("../sql/complete.sql"))
        .bind(completions.iter().map(|completion| completion.event_id.0).collect::<Vec<_>>())
        .bind(completions.iter().map(|completion| completion.lease_token.as_uuid()).collect::<Vec<_>>())
        .bind(completions.iter().map(|completion| completion.caller.map(|caller| caller.0)).collect::<Vec<_>>())
        .bind(completions.iter().map(|completion| completion.result).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?)
}
