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

use serde::Serialize;
use utoipa::ToSchema;

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

impl Status {
    pub const ALL: [Self; 5] = [Self::Queued, Self::Processing, Self::Completed, Self::Failed, Self::Cancelled];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

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
    Completed,
    Failed,
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
    Cancelled,
}

impl Outcome {
    pub const ALL: [Self; 9] = [
        Self::Completed,
        Self::Failed,
        Self::Released,
        Self::Expired,
        Self::EngineUnresponsive,
        Self::EngineRestarted,
        Self::Deregistered,
        Self::MaxLease,
        Self::Cancelled,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Released => "released",
            Self::Expired => "expired",
            Self::EngineUnresponsive => "engine_unresponsive",
            Self::EngineRestarted => "engine_restarted",
            Self::Deregistered => "deregistered",
            Self::MaxLease => "max_lease",
            Self::Cancelled => "cancelled",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }

    /// The status an engine reported to end the attempt so; `None` where no engine's word did.
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

impl CancelReason {
    pub const ALL: [Self; 4] = [Self::Requested, Self::ScenarioRun, Self::WhileProcessing, Self::TooOld];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::ScenarioRun => "scenario_run",
            Self::WhileProcessing => "while_processing",
            Self::TooOld => "too_old",
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
