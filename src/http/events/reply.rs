//! An event, as readers see it.

use serde::Serialize;
use utoipa::ToSchema;

use super::follow_up::FollowUpReply;
use crate::domain::attempt::Attempt;
use crate::domain::event::Event;
use crate::domain::leased_event::lock_name;
use crate::domain::retry_policy::PolicyInForce;

/// One ended attempt.
#[derive(Serialize, ToSchema)]
#[schema(as = Attempt)]
pub struct AttemptReply {
    #[serde(flatten)]
    attempt: Attempt,
    /// What became of the follow-up events of its completion, in the order sent; left out where there were none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    enqueued: Vec<FollowUpReply>,
}

impl AttemptReply {
    /// The attempt, with the follow-up events it enqueued.
    pub fn of(attempt: Attempt) -> Self {
        let enqueued = attempt.follow_ups.iter().flatten().map(FollowUpReply::of).collect();
        Self { attempt, enqueued }
    }
}

/// The cursor that follows an attempt in the list of its event.
pub fn attempt_place(attempt: &Attempt) -> String {
    attempt.attempt.to_string()
}

/// An event: what was sent, and where it stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventReply {
    #[serde(flatten)]
    event: Event,
    /// Who holds it, for people.
    lock: Option<String>,
    /// How many more reported failures are tried again; null where `retry_policy` is.
    retries_left: Option<u32>,
    /// How many more silent losses make it a dead letter, one under way included; null where `retry_policy` is.
    losses_left: Option<u32>,
}

impl EventReply {
    /// The event, and the name of its lock while it is leased.
    pub fn of(event: Event) -> Self {
        let policy = event.retry_policy.as_ref();
        let left = |of: fn(&PolicyInForce) -> u32, spent: i32| {
            policy.map(|policy| of(policy).saturating_sub(u32::try_from(spent).unwrap_or(0)))
        };
        Self {
            lock: event.is_leased.then(|| lock_name(event.leased_by)),
            retries_left: left(|policy| policy.max_retries.value, event.failures),
            losses_left: left(|policy| policy.dead_letter_threshold.value, event.lease_losses),
            event,
        }
    }
}
