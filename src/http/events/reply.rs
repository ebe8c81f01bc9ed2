//! An event, as readers see it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::attempt::Attempt;
use crate::domain::event::Event;
use crate::domain::leased_event::lock_name;

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
