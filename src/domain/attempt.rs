//! Attempts that have ended.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::event::{Outcome, Status};
use super::follow_up::FollowUp;
use super::ids::EngineId;
use super::json::RawJson;
use super::settlement::Answer;

/// One ended attempt.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AttemptAsStored)]
pub struct Attempt {
    /// From 1, without a gap. The end of an event that was cancelled in its queue has the number behind its last lease.
    pub attempt: i32,
    /// Who held the lease; null for an anonymous one, and where there was none.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub engine_id: Option<EngineId>,
    /// The engine's software version, as its registration said then.
    pub engine_software_version: Option<String>,
    /// Null where the event was cancelled while it was queued.
    pub leased_at: Option<DateTime<Utc>>,
    /// When its end was recorded.
    pub ended_at: DateTime<Utc>,
    /// How it ended.
    pub outcome: Outcome,
    /// What followed for the event.
    pub answer: Option<Answer>,
    /// As it was reported.
    #[schema(value_type = Option<Value>, required)]
    pub result: Option<RawJson>,
    /// As it was reported.
    #[schema(value_type = Option<Value>, required)]
    pub error: Option<RawJson>,
    /// The last that was reported.
    #[schema(value_type = Option<Value>, required)]
    pub progress: Option<RawJson>,
    /// Why its engine released it, for programs, like `no_handler`.
    pub code: Option<String>,
    /// Why its engine released it, for people.
    pub reason: Option<String>,
    /// Seconds after the lease had run out, where the report came late.
    pub late_by_seconds: Option<f64>,
    /// The event's final status, on the attempt that ended it.
    pub final_status: Option<Status>,
    /// What became of the follow-up events of its completion; `None` where there were none.
    #[serde(skip)]
    pub follow_ups: Option<Vec<FollowUp>>,
}
