//! Engines that live without working.

use sqlx::PgConnection;

use crate::domain::ids::EngineId;
use crate::domain::zombie::{Candidate, EngineFacts, QueueFacts, SILENT_SECONDS};
use crate::store::error::Result;
use crate::store::row::{from_columns, from_row};

from_row!(Candidate, "engine_states", engine_id: EngineId, {
    engine_id, engine_type, max_concurrent_events, engine, queue, now,
});

from_columns!(EngineFacts, {
    status: "status", leases_held: "leases_held", is_holding_off: "is_holding_off", is_quarantined: "is_quarantined",
    asked_at: "asked_at",
});

from_columns!(QueueFacts, {
    is_paused: "is_paused", oldest_due_age_seconds: "oldest_due_age_seconds", processing: "processing",
    max_processing: "max_processing",
});

/// The zombies of all queues, or of those named. What it costs grows with the engines that have not asked for long, not with
/// all of them.
pub async fn list(connection: &mut PgConnection, engine_types: Option<&[String]>) -> Result<Vec<Candidate>> {
    let candidates: Vec<Candidate> = sqlx::query_as(include_str!("../sql/zombie_candidates.sql"))
        .bind(f64::from(SILENT_SECONDS))
        .bind(engine_types)
        .fetch_all(connection)
        .await?;
    Ok(candidates.into_iter().filter(Candidate::is_zombie).collect())
}
