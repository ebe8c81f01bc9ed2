//! What a settlement answers.

use chrono::{DateTime, Utc};

use crate::domain::event::Status;
use crate::domain::ids::EventId;
use crate::domain::settlement::Answer;

/// What a settlement came to.
#[derive(Clone, Debug)]
pub struct Settled {
    pub event_id: EventId,
    pub status: Status,
    pub attempt: i32,
    pub outcome: SettledOutcome,
    pub available_at: Option<DateTime<Utc>>,
    pub renewal: Option<Renewal>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SettledOutcome {
    Ended(Answer),
    Renewed,
}

#[derive(Clone, Debug)]
pub struct Renewal {
    pub expires_at: DateTime<Utc>,
    pub expires_in_seconds: f64,
    pub is_cancel_requested: bool,
}
