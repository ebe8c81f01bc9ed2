//! An event, as readers see it.

use serde::Serialize;
use utoipa::ToSchema;

use super::follow_up::FollowUpReply;
use crate::domain::attempt::Attempt;
use crate::domain::event::Event;
use crate::domain::leased_event::lock_name;

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
}

impl EventReply {
    /// The event, and the name of its lock while it is leased.
    pub fn of(event: Event) -> Self {
        Self { lock: event.is_leased.then(|| lock_name(event.leased_by)), event }
    }
}
