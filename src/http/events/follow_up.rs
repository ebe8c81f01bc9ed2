//! What became of a follow-up event, as it is kept with the attempt that enqueued it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::follow_up::FollowUp;
use crate::domain::new_event::DuplicateOf;
use crate::http::errors::{Problem, ProblemBody};

/// What became of a follow-up event.
#[derive(Serialize, ToSchema)]
#[schema(as = FollowUpResult)]
#[serde(untagged)]
pub enum FollowUpReply {
    #[schema(title = "EnqueuedFollowUp")]
    Enqueued {
        event_id: uuid::Uuid,
        /// True: the event was there before.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        duplicate: bool,
        /// Which of its keys stands for the event that was there before.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        duplicate_of: Option<DuplicateOf>,
    },
    /// Its run is cancelled. The completion stands.
    #[schema(title = "RefusedFollowUp")]
    Refused {
        /// Always null: it got none.
        #[schema(required)]
        event_id: Option<uuid::Uuid>,
        error: ProblemBody,
    },
}

impl FollowUpReply {
    /// The reply of what is kept with the attempt.
    pub fn of(follow_up: &FollowUp) -> Self {
        match follow_up {
            FollowUp::Made { event_id } => Self::Enqueued { event_id: *event_id, duplicate: false, duplicate_of: None },
            FollowUp::Duplicate { event_id, duplicate_of } => {
                Self::Enqueued { event_id: *event_id, duplicate: true, duplicate_of: Some(*duplicate_of) }
            }
            FollowUp::RunCancelled { run_cancelled } => {
                Self::Refused { event_id: None, error: Problem::run_cancelled(run_cancelled).into_body() }
            }
        }
    }
}
