//! An event in an engine's hands.

use chrono::{DateTime, Utc};

use super::event::Outcome;
use super::ids::{EngineId, EventId, LeaseToken};
use super::json::RawJson;
use super::retry_policy::RetryPolicy;
use super::verdict::Spent;

/// An event with its lease, and all that the engine is told of both.
#[derive(Clone, Debug)]
pub struct LeasedEvent {
    /// The event.
    pub event_id: EventId,
    /// Its queue.
    pub engine_type: String,
    /// What happened.
    pub event_type: String,
    /// As it was sent.
    pub payload: RawJson,
    /// Of the payload as it was sent.
    pub payload_bytes: u32,
    /// 0 to 9; 9 is leased first.
    pub priority: u8,
    /// The simulation run it belongs to.
    pub scenario_run_id: Option<String>,
    /// By the database's clock.
    pub created_at: DateTime<Utc>,
    /// When it was due.
    pub available_at: DateTime<Utc>,
    /// The number of this attempt, from 1.
    pub attempt: i32,
    /// What it has spent of its budgets.
    pub spent: Spent,
    /// The policy in force.
    pub policy: RetryPolicy,
    /// How the attempt before ended, if there was one.
    pub previous: Option<PreviousAttempt>,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// W3C trace context.
    pub tracestate: Option<String>,
    /// Ends the lease, and renews it.
    pub lease_token: LeaseToken,
    /// `None` for an anonymous lease.
    pub leased_by: Option<EngineId>,
    /// When the lease began.
    pub leased_at: DateTime<Utc>,
    /// When the lease runs out, unless it is renewed.
    pub expires_at: DateTime<Utc>,
    /// From when it was read.
    pub expires_in_seconds: f64,
    /// No renewal goes beyond it.
    pub deadline_at: DateTime<Utc>,
    /// What a renewal adds, from its moment.
    pub visibility_timeout_seconds: u32,
    /// What the poll asked for, to compare a repetition of it with.
    pub poll_terms: Option<String>,
}

impl LeasedEvent {
    /// The bytes of the JSON that it carries.
    #[must_use]
    pub fn json_bytes(&self) -> usize {
        let previous = self.previous.iter().flat_map(|previous| [&previous.error, &previous.progress]);
        self.payload.get().len() + previous.flatten().map(|json| json.get().len()).sum::<usize>()
    }
}

/// The attempt before, as far as the next engine is told of it.
#[derive(Clone, Debug)]
pub struct PreviousAttempt {
    /// How it ended.
    pub outcome: Outcome,
    /// As it was reported.
    pub error: Option<RawJson>,
    /// The last that was reported.
    pub progress: Option<RawJson>,
    /// Why it was released, for programs.
    pub code: Option<String>,
    /// Why it was released, for people.
    pub reason: Option<String>,
    /// When its end was recorded.
    pub ended_at: DateTime<Utc>,
}

/// The holder's name, for people.
#[must_use]
pub fn lock_name(leased_by: Option<EngineId>) -> String {
    leased_by.map_or_else(|| "processing_by_anonymous".to_owned(), |engine| format!("processing_by_{engine}"))
}
