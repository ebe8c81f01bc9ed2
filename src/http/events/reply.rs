//! An event and its attempts, as readers see them.

use chrono::{DateTime, Utc};

use crate::domain::attempt::Attempt;
use crate::domain::event::Event;
use crate::domain::event::{Outcome, Status};
use crate::domain::ids::{EngineId, EventId};
use crate::domain::json::RawJson;
use crate::domain::settlement::Answer;
use crate::domain::verdict::DeadLetterReason;
use crate::http::leases::leased_event::lock_name;
use crate::http::shown::shown;

/// The cursor that follows an attempt in the list of its event.
pub fn attempt_place(attempt: &Attempt) -> String {
    attempt.attempt.to_string()
}

shown! {
    /// An event: what was sent, and where it stands.
    #[schema(as = Event)]
    pub struct EventReply of event: Event {
        #[schema(value_type = uuid::Uuid)]
        event_id: EventId,
        engine_type: String,
        event_type: String,
        status: Status,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<Value>)]
        payload: Option<RawJson>,
        payload_bytes: u32,
        priority: u8,
        scenario_run_id: Option<String>,
        created_at: DateTime<Utc>,
        /// When it is, or was last, due; null once it has ended.
        available_at: Option<DateTime<Utc>>,
        finished_at: Option<DateTime<Utc>>,
        /// The number of the latest attempt; 0 before the first.
        attempt: i32,
        /// Reported failures since it was enqueued or redriven.
        failures: i32,
        /// Silent losses since it was enqueued or redriven.
        lease_losses: i32,
        redrives: i32,
        /// Who holds it, for people.
        lock: Option<String> = event.is_leased.then(|| lock_name(event.leased_by)),
        #[schema(value_type = Option<uuid::Uuid>)]
        leased_by: Option<EngineId>,
        lease_expires_at: Option<DateTime<Utc>>,
        #[schema(value_type = Option<Value>, required)]
        progress: Option<RawJson>,
        #[schema(value_type = Option<Value>, required)]
        result: Option<RawJson>,
        /// The last one reported.
        #[schema(value_type = Option<Value>, required)]
        error: Option<RawJson>,
        /// While it is a dead letter.
        #[schema(value_type = Option<DeadLetterReason>)]
        dead_letter_reason: Option<String>,
        cancel_requested: bool = event.is_cancel_requested,
        #[schema(value_type = Option<uuid::Uuid>)]
        redriven_from: Option<EventId>,
        #[schema(value_type = Option<uuid::Uuid>)]
        redriven_as: Option<EventId>,
        traceparent: Option<String>,
    }
}

shown! {
    /// One ended attempt.
    #[schema(as = Attempt)]
    pub struct AttemptReply of attempt: Attempt {
        attempt: i32,
        /// Null for an anonymous lease.
        #[schema(value_type = Option<uuid::Uuid>)]
        engine_id: Option<EngineId>,
        engine_software_version: Option<String>,
        leased_at: Option<DateTime<Utc>>,
        ended_at: DateTime<Utc>,
        outcome: Outcome,
        /// What followed.
        answer: Option<Answer>,
        #[schema(value_type = Option<Value>, required)]
        result: Option<RawJson>,
        #[schema(value_type = Option<Value>, required)]
        error: Option<RawJson>,
        #[schema(value_type = Option<Value>, required)]
        progress: Option<RawJson>,
        /// Seconds after its lease had ended, where the report came late.
        late_by_seconds: Option<f64>,
        /// The event's final status, on the attempt that ended it.
        final_status: Option<Status>,
    }
}
