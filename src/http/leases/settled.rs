//! What a report is answered.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::renewal::RenewalReply;
use crate::broker::settled::{Settled, SettledOutcome};
use crate::domain::event::Status;
use crate::domain::ids::EventId;
use crate::domain::settlement::Answer;
use crate::http::errors::ProblemBody;
use crate::http::events::follow_up::FollowUpReply;

#[derive(Serialize, ToSchema)]
#[schema(as = SettledBatch)]
pub struct SettledManyReply {
    /// In the order sent.
    pub results: Vec<SettleResult>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SettlementResult)]
#[serde(untagged)]
pub enum SettleResult {
    Settled(SettledReply),
    #[schema(title = "RefusedSettlement")]
    Refused {
        /// Null where the entry had none that could be read.
        #[schema(value_type = Option<uuid::Uuid>, required)]
        event_id: Option<EventId>,
        error: ProblemBody,
    },
}

impl SettleResult {
    /// True if nothing was changed by the report.
    pub const fn is_refused(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}

/// What a report came to.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettlementOutcome {
    Completed,
    /// It failed and is tried again: `status` is `queued`, `available_at` says when.
    RetryScheduled,
    /// It failed for good.
    DeadLettered,
    Released,
    Renewed,
    /// Somebody had asked for it.
    Cancelled,
}

impl SettlementOutcome {
    const fn of(outcome: SettledOutcome) -> Self {
        match outcome {
            SettledOutcome::Ended(Answer::Completed) => Self::Completed,
            SettledOutcome::Ended(Answer::RetryScheduled) => Self::RetryScheduled,
            SettledOutcome::Ended(Answer::DeadLettered) => Self::DeadLettered,
            SettledOutcome::Ended(Answer::Released) => Self::Released,
            SettledOutcome::Ended(Answer::Cancelled) => Self::Cancelled,
            SettledOutcome::Renewed => Self::Renewed,
        }
    }
}

/// An event after a report.
#[derive(Serialize, ToSchema)]
#[schema(as = Settled)]
pub struct SettledReply {
    #[schema(value_type = uuid::Uuid)]
    event_id: EventId,
    /// The event's status now: a failure that is tried again is `queued`.
    status: Status,
    attempt: i32,
    outcome: SettlementOutcome,
    /// When the event is due again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    available_at: Option<DateTime<Utc>>,
    #[serde(flatten)]
    renewal: RenewalReply,
    /// What became of the follow-up events, in the order sent; left out where there were none. A repeated report gets the
    /// same answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    enqueued: Vec<FollowUpReply>,
}

impl SettledReply {
    /// The reply for one report.
    pub fn of(settled: &Settled) -> Self {
        Self {
            event_id: settled.event_id,
            status: settled.status,
            attempt: settled.attempt,
            outcome: SettlementOutcome::of(settled.outcome),
            available_at: settled.available_at,
            renewal: settled.renewal.map(RenewalReply::of).unwrap_or_default(),
            enqueued: settled.follow_ups.iter().map(FollowUpReply::of).collect(),
        }
    }
}
