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
    /// Which registration of the engine held the lease; null where no engine did.
    pub incarnation: Option<i32>,
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
    /// When the event was due again, as far as that followed from this attempt. Null where it did not go back into its queue.
    pub next_available_at: Option<DateTime<Utc>>,
    /// As it was reported. Null also in a brief list.
    #[schema(value_type = Option<Value>, required)]
    pub result: Option<RawJson>,
    /// Of `result`; 0 where there was none.
    pub result_bytes: u32,
    /// As it was reported. Null also in a brief list.
    #[schema(value_type = Option<Value>, required)]
    pub error: Option<RawJson>,
    /// The type of the error, its first 200 characters.
    pub error_type: Option<String>,
    /// The message of the error, its first 200 characters.
    pub error_message: Option<String>,
    /// Of `error`; 0 where there was none.
    pub error_bytes: u32,
    /// The last that was reported. Null also in a brief list.
    #[schema(value_type = Option<Value>, required)]
    pub progress: Option<RawJson>,
    /// Of `progress`; 0 where there was none.
    pub progress_bytes: u32,
    /// Why its engine released it, for programs, like `no_handler`.
    pub code: Option<String>,
    /// Why its engine released it, for people.
    pub reason: Option<String>,
    /// Seconds after the lease had run out, where the report came late.
    pub late_by_seconds: Option<f64>,
    /// When its engine reported after all, of a silent loss whose event had gone on meanwhile: the report was refused, and the
    /// work was done twice.
    pub refused_report_at: Option<DateTime<Utc>>,
    /// What that report said: `completed`, `failed`, or `queued` for a release.
    pub refused_report_status: Option<Status>,
    /// The event's final status, on the attempt that ended it.
    pub final_status: Option<Status>,
    /// What became of the follow-up events of its completion; `None` where there were none.
    #[serde(skip)]
    pub follow_ups: Option<Vec<FollowUp>>,
}

impl Attempt {
    /// Leaves out what a brief list does not show.
    pub fn abridge(&mut self) {
        (self.result, self.error, self.progress) = (None, None, None);
    }
}
