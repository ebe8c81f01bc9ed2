//! An event and its attempts, as readers see them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::attempt::Attempt;
use crate::domain::event::Event;
use crate::domain::event::{Outcome, Status};
use crate::domain::ids::{EngineId, EventId};
use crate::domain::json::RawJson;
use crate::domain::settlement::Answer;
use crate::domain::verdict::DeadLetterReason;
use crate::http::leases::leased_event::lock_name;

/// An event: what was sent, and where it stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventReply {
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
    lock: Option<String>,
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
    cancel_requested: bool,
    #[schema(value_type = Option<uuid::Uuid>)]
    redriven_from: Option<EventId>,
    #[schema(value_type = Option<uuid::Uuid>)]
    redriven_as: Option<EventId>,
    traceparent: Option<String>,
}

impl EventReply {
    pub fn of(event: Event) -> Self {
        Self {
            event_id: event.event_id,
            engine_type: event.engine_type,
            event_type: event.event_type,
            status: event.status,
            payload: event.payload,
            payload_bytes: event.payload_bytes,
            priority: event.priority,
            scenario_run_id: event.scenario_run_id,
            created_at: event.created_at,
            available_at: event.available_at,
            finished_at: event.finished_at,
            attempt: event.attempt,
            failures: event.failures,
            lease_losses: event.lease_losses,
            redrives: event.redrives,
            lock: event.is_leased.then(|| lock_name(event.leased_by)),
            leased_by: event.leased_by,
            lease_expires_at: event.lease_expires_at,
            progress: event.progress,
            result: event.result,
            error: event.error,
            dead_letter_reason: event.dead_letter_reason,
            cancel_requested: event.is_cancel_requested,
            redriven_from: event.redriven_from,
            redriven_as: event.redriven_as,
            traceparent: event.traceparent,
        }
    }
}

/// One ended attempt.
#[derive(Serialize, ToSchema)]
#[schema(as = Attempt)]
pub struct AttemptReply {
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

impl AttemptReply {
    pub fn of(attempt: Attempt) -> Self {
        Self {
            attempt: attempt.attempt,
            engine_id: attempt.engine_id,
            engine_software_version: attempt.engine_software_version,
            leased_at: attempt.leased_at,
            ended_at: attempt.ended_at,
            outcome: attempt.outcome,
            answer: attempt.answer,
            result: attempt.result,
            error: attempt.error,
            progress: attempt.progress,
            late_by_seconds: attempt.late_by_seconds,
            final_status: attempt.final_status,
        }
    }
}

/// The cursor that follows an attempt in the list of its event.
pub fn attempt_place(attempt: &Attempt) -> String {
    attempt.attempt.to_string()
}
