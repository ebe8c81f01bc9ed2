//! Attempts that have ended.

use chrono::{DateTime, Utc};

use super::event::{Outcome, Status};
use super::ids::EngineId;
use super::json::RawJson;
use super::settlement::Answer;

/// One ended attempt.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// From 1, without a gap.
    pub attempt: i32,
    /// Who held the lease; `None` for an anonymous one, and where there was none.
    pub engine_id: Option<EngineId>,
    /// As the engine's registration said then.
    pub engine_software_version: Option<String>,
    /// `None` where the event was cancelled while it was queued.
    pub leased_at: Option<DateTime<Utc>>,
    /// When its end was recorded.
    pub ended_at: DateTime<Utc>,
    /// How it ended.
    pub outcome: Outcome,
    /// What followed for the event.
    pub answer: Option<Answer>,
    /// As it was reported.
    pub result: Option<RawJson>,
    /// As it was reported.
    pub error: Option<RawJson>,
    /// The last that was reported.
    pub progress: Option<RawJson>,
    /// Seconds after the lease had run out, where the report came late.
    pub late_by_seconds: Option<f64>,
    /// Of the event, on the attempt that ended it.
    pub final_status: Option<Status>,
}
