//! The life of an event, in one drawing:
//!
//! ```text
//!               lease                      completed
//!   ┌────────┐ ────────────▶ ┌────────────┐ ─────────▶ completed
//!   │ queued │               │ processing │
//!   └────────┘ ◀──────────── └────────────┘ ─────────▶ failed (a dead letter)
//!    │   ▲       released,         │          a budget is spent, or not retryable
//!    │   │       retry, loss       │
//!    │   └─────────────────────────┼────────────────── redrive
//!    ▼                             ▼
//!  cancelled                   cancelled (asked for while processing)
//! ```

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::{EngineId, EventId};
use super::json::RawJson;
use super::retry_policy::PolicyInForce;
use super::words::words;

/// An event: what was sent, and where it stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = EventAsStored)]
pub struct Event {
    /// The event.
    #[schema(value_type = uuid::Uuid)]
    pub event_id: EventId,
    /// Its queue.
    pub engine_type: String,
    /// What happened.
    pub event_type: String,
    /// Where it stands.
    pub status: Status,
    /// As it was sent, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub payload: Option<RawJson>,
    /// Bytes of the payload as it was sent.
    pub payload_bytes: u32,
    /// 0 to 9; 9 is leased first.
    pub priority: u8,
    /// The simulation run it belongs to.
    pub scenario_run_id: Option<String>,
    /// By the database's clock.
    pub created_at: DateTime<Utc>,
    /// When it is, or was last, due; null once it has ended.
    pub available_at: Option<DateTime<Utc>>,
    /// Null while it is open.
    pub finished_at: Option<DateTime<Utc>>,
    /// The number of the latest attempt, which is how often it was leased; 0 before the first.
    pub attempt: i32,
    /// Reported failures since it was enqueued or redriven.
    pub failures: i32,
    /// Silent losses since it was enqueued or redriven.
    pub lease_losses: i32,
    /// How often it was put back into its queue as a dead letter.
    pub redrives: i32,
    /// Who holds it; null also for an anonymous lease.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub leased_by: Option<EngineId>,
    /// True while it is processing.
    #[serde(skip)]
    pub is_leased: bool,
    /// When its lease began.
    pub leased_at: Option<DateTime<Utc>>,
    /// When its lease runs out, unless it is renewed.
    pub lease_expires_at: Option<DateTime<Utc>>,
    /// No renewal of its lease goes beyond it.
    pub lease_deadline_at: Option<DateTime<Utc>>,
    /// It is open and had a silent loss: it is leased alone, or beside no other such event.
    pub is_suspect: bool,
    /// It is cancelled then if no engine has leased it once; null also after its first lease.
    pub discard_at: Option<DateTime<Utc>>,
    /// The policy that holds for it while it is open, and which level says each part. Null also in a brief list.
    pub retry_policy: Option<PolicyInForce>,
    /// The last that was reported on its current lease. Null also in a brief list.
    #[schema(value_type = Option<Value>, required)]
    pub progress: Option<RawJson>,
    /// When that was reported, by the database's clock; null where there is none, and of a lease that was taken back after it was lost.
    pub progress_at: Option<DateTime<Utc>>,
    /// Of `progress`; 0 where there is none.
    pub progress_bytes: u32,
    /// Once it has completed. Null also in a brief list.
    #[schema(value_type = Option<Value>, required)]
    pub result: Option<RawJson>,
    /// Of `result`; 0 where there is none.
    pub result_bytes: u32,
    /// The last one reported. Null also in a brief list.
    #[schema(value_type = Option<Value>, required)]
    pub error: Option<RawJson>,
    /// The type of the error, its first 200 characters.
    pub error_type: Option<String>,
    /// The message of the error, its first 200 characters.
    pub error_message: Option<String>,
    /// Of `error`; 0 where there is none.
    pub error_bytes: u32,
    /// While it is a dead letter.
    pub dead_letter_reason: Option<DeadLetterReason>,
    /// True once its cancellation was asked for while it was processing: it ends as cancelled with its lease.
    #[serde(rename = "cancel_requested")]
    pub is_cancel_requested: bool,
    /// The dead letter it was made of.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub redriven_from: Option<EventId>,
    /// The event that was made of it.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub redriven_as: Option<EventId>,
    /// The event whose completion brought it, as a follow-up.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub caused_by: Option<EventId>,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// While it is open, no other open event of its queue has this key.
    pub unique_key: Option<String>,
    /// The name of the token that brought it.
    #[serde(skip)]
    pub enqueued_by: Option<String>,
}

/// An event in brief: where it stands, without what its engine reported.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = BriefEvent)]
pub struct BriefEvent {
    /// The event.
    #[schema(value_type = uuid::Uuid)]
    pub event_id: EventId,
    /// Its queue.
    pub engine_type: String,
    /// What happened.
    pub event_type: String,
    /// Where it stands.
    pub status: Status,
    /// The number of the latest attempt, which is how often it was leased; 0 before the first.
    pub attempt: i32,
    /// By the database's clock.
    pub created_at: DateTime<Utc>,
    /// Null while it is open.
    pub finished_at: Option<DateTime<Utc>>,
    /// The name of the token that brought it.
    #[serde(skip)]
    pub enqueued_by: Option<String>,
}

/// Whose an event is. Neither ever changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventScope {
    /// Its queue.
    pub engine_type: String,
    /// The name of the token that brought it.
    pub enqueued_by: Option<String>,
}

/// Which events are wanted; `None` is any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Their queue.
    pub engine_type: Option<String>,
    /// Their queues: those that the caller's token is limited to.
    pub engine_types: Option<Vec<String>>,
    /// What happened.
    pub event_type: Option<String>,
    /// Where they stand.
    pub status: Option<Status>,
    /// The simulation run they belong to.
    pub scenario_run_id: Option<String>,
    /// The event whose follow-ups they are.
    pub caused_by: Option<EventId>,
    /// They have had that many silent losses at least, and are open; with a status of events that have ended: have that.
    pub lease_losses_min: Option<u32>,
    /// They are open, and a failure of them was reported since they were enqueued or redriven.
    pub is_failing: bool,
    /// The engine that holds them.
    pub leased_by: Option<EngineId>,
    /// The type of the last error reported.
    pub error_type: Option<String>,
    /// The key that a producer sent with them, while it is remembered.
    pub idempotency_key: Option<String>,
    /// The unique key that they have while they are open.
    pub unique_key: Option<String>,
    /// From this time on.
    pub created_after: Option<DateTime<Utc>>,
    /// Before this time.
    pub created_before: Option<DateTime<Utc>>,
    /// The name of the token that brought them.
    pub enqueued_by: Option<Arc<str>>,
}

impl Filter {
    /// How many silent losses are asked for, where that is asked of events that have ended.
    #[must_use]
    pub fn ended_losses(&self) -> Option<u32> {
        let is_ended = matches!(self.status, Some(Status::Completed | Status::Failed | Status::Cancelled));
        self.lease_losses_min.filter(|losses| is_ended && *losses > 0)
    }
}

/// The five words a reader meets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, ToSchema)]
#[schema(as = EventStatus)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for an engine, until a lease takes it; not before its `available_at`.
    Queued,
    /// One engine holds the lease, until it settles, or the reaper ends the lease.
    Processing,
    /// Done for good. Nothing moves it out.
    Completed,
    /// Ended without success. A redrive moves it out while it is a dead letter.
    Failed,
    /// Ended by request, or too old. Nothing moves it out.
    Cancelled,
}

words!(Status {
    Queued = "queued",
    Processing = "processing",
    Completed = "completed",
    Failed = "failed",
    Cancelled = "cancelled",
});

impl Status {
    /// True if no attempt follows unless an operator redrives the event.
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::Queued | Self::Processing => false,
            Self::Completed | Self::Failed | Self::Cancelled => true,
        }
    }

    /// Where an event in this status may go next.
    #[must_use]
    pub const fn successors(self) -> &'static [Self] {
        match self {
            Self::Queued => &[Self::Processing, Self::Cancelled],
            Self::Processing => &[Self::Queued, Self::Completed, Self::Failed, Self::Cancelled],
            Self::Failed => &[Self::Queued],
            Self::Completed | Self::Cancelled => &[],
        }
    }
}

/// How one attempt ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, ToSchema)]
#[schema(as = AttemptOutcome)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The engine reported success.
    Completed,
    /// The engine reported an error, whether the event is tried again or not.
    Failed,
    /// The engine gave the event back, or whoever polled was gone before it could hear of the lease.
    Released,
    /// The lease ran out.
    Expired,
    /// The engine fell silent for its heartbeat timeout.
    EngineUnresponsive,
    /// The engine registered anew under the same id.
    EngineRestarted,
    /// The engine was removed.
    Deregistered,
    /// The lease was renewed up to its queue's `max_lease_seconds`.
    MaxLease,
    /// The event was cancelled.
    Cancelled,
}

words!(Outcome {
    Completed = "completed",
    Failed = "failed",
    Released = "released",
    Expired = "expired",
    EngineUnresponsive = "engine_unresponsive",
    EngineRestarted = "engine_restarted",
    Deregistered = "deregistered",
    MaxLease = "max_lease",
    Cancelled = "cancelled",
});

impl Outcome {
    /// The status an engine reported to end the attempt so; `None` where no report ended it.
    #[must_use]
    pub const fn reported_as(self) -> Option<Status> {
        match self {
            Self::Completed => Some(Status::Completed),
            Self::Failed => Some(Status::Failed),
            Self::Released => Some(Status::Queued),
            Self::Expired
            | Self::EngineUnresponsive
            | Self::EngineRestarted
            | Self::Deregistered
            | Self::MaxLease
            | Self::Cancelled => None,
        }
    }
}

/// The type of the error with which an event ends that no engine leased in time.
pub const TOO_OLD_ERROR: &str = "too_old";

/// Why an event was cancelled.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CancelReason {
    /// The event itself was cancelled while it was queued.
    Requested,
    /// Its scenario run was cancelled while it was queued.
    ScenarioRun,
    /// The event or its run was cancelled while an engine held it, and its lease has ended since.
    WhileProcessing,
    /// No engine leased it within its `discard_after_seconds`.
    TooOld,
}

words!(CancelReason {
    Requested = "requested",
    ScenarioRun = "scenario_run",
    WhileProcessing = "while_processing",
    TooOld = "too_old",
});

/// Why an event became a dead letter.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeadLetterReason {
    /// More failures were reported than `max_retries` allows.
    RetriesExhausted,
    /// The engine said that trying again is pointless.
    NotRetryable,
    /// Silent losses reached `dead_letter_threshold`.
    LeaseLossesExhausted,
}

words!(DeadLetterReason {
    RetriesExhausted = "retries_exhausted",
    NotRetryable = "not_retryable",
    LeaseLossesExhausted = "lease_losses_exhausted",
});

impl DeadLetterReason {
    /// In front of the number of attempts: "retries exhausted after 4 attempts".
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::RetriesExhausted => "retries exhausted",
            Self::NotRetryable => "reported as not retryable",
            Self::LeaseLossesExhausted => "lease losses exhausted",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_values_agree() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
        }
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::parse(outcome.as_str()), Some(outcome));
        }
        assert_eq!(Status::parse("done"), None);
    }

    #[test]
    fn every_pair_of_statuses_is_a_move_or_is_not() {
        use Status::{Cancelled, Completed, Failed, Processing, Queued};
        let moves = [
            (Queued, Processing),
            (Queued, Cancelled),
            (Processing, Queued),
            (Processing, Completed),
            (Processing, Failed),
            (Processing, Cancelled),
            (Failed, Queued),
        ];
        for from in Status::ALL {
            for to in Status::ALL {
                assert_eq!(from.successors().contains(&to), moves.contains(&(from, to)), "{from:?} → {to:?}");
            }
        }
    }

    #[test]
    fn only_a_dead_letter_leaves_a_final_status() {
        for status in Status::ALL.into_iter().filter(|status| status.is_final()) {
            assert_eq!(status.successors().is_empty(), status != Status::Failed);
        }
    }
}
