//! Reports on leases that are over: what is left to say, and silent losses that a report takes back.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::domain::event::{Outcome, Status};
use crate::domain::follow_up::FollowUp;
use crate::domain::ids::{EngineId, EventId, LeaseToken};
use crate::domain::settlement::Answer;
use crate::store::error::Result;
use crate::store::row::{from_columns, from_row};

/// What is left to say to a caller whose lease is over.
#[derive(Clone, Debug)]
pub struct PastLease {
    /// The caller is registered, and its type is not that of the event.
    pub is_of_another_type: bool,
    /// Where the event stands.
    pub event_status: Status,
    /// The number of the event's latest attempt; 0 before the first.
    pub current_attempt: i32,
    /// The attempt in question, if there ever was one.
    pub ended: Option<EndedLease>,
}

/// The attempt whose lease is over.
#[derive(Clone, Debug)]
pub struct EndedLease {
    /// The number of the attempt.
    pub attempt: i32,
    /// How it ended.
    pub outcome: Outcome,
    /// What was answered then, or would have been.
    pub answer: Option<Answer>,
    /// When the event was due again.
    pub answer_available_at: Option<DateTime<Utc>>,
    /// When its end was recorded.
    pub ended_at: DateTime<Utc>,
    /// What its follow-up events were answered.
    pub follow_ups: Option<Vec<FollowUp>>,
}

from_row!(PastLease, "event_attempts", event_id: EventId, { is_of_another_type, event_status, current_attempt, ended });

from_columns!(EndedLease, {
    attempt: "attempt", outcome: "outcome", answer: "answer", answer_available_at: "answer_available_at",
    ended_at: "ended_at", follow_ups: "follow_ups",
});

/// Finds the ended attempt of `token`; without one, the newest that `caller` (or, unnamed, nobody
/// known) had. `None`: there is no such event.
pub async fn past_lease(
    connection: &mut PgConnection,
    event_id: EventId,
    token: Option<LeaseToken>,
    caller: Option<EngineId>,
) -> Result<Option<PastLease>> {
    Ok(sqlx::query_as(include_str!("../sql/past_lease.sql"))
        .bind(event_id.0)
        .bind(token.map(LeaseToken::as_uuid))
        .bind(caller.map(|caller| caller.0))
        .fetch_optional(connection)
        .await?)
}

/// Notes with a lost attempt that its engine reported nevertheless, and was refused.
pub async fn note_refused(
    connection: &mut PgConnection,
    event_id: EventId,
    attempt: i32,
    reported: Status,
) -> Result<()> {
    sqlx::query(include_str!("../sql/note_refused_report.sql"))
        .bind(event_id.0)
        .bind(attempt)
        .bind(reported.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes a silent loss back: the lost attempt's record goes, its lease is as it was, and its event
/// is locked. Affects nothing if `caller` is not the engine that held the lease.
pub async fn take_loss_back(
    connection: &mut PgConnection,
    event_id: EventId,
    token: LeaseToken,
    caller: Option<EngineId>,
) -> Result<bool> {
    let done = sqlx::query(include_str!("../sql/take_loss_back.sql"))
        .bind(event_id.0)
        .bind(token.as_uuid())
        .bind(caller.map(|caller| caller.0))
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}
