//! What a settlement answers.

use chrono::{DateTime, Utc};

use crate::domain::event::Status;
use crate::domain::follow_up::FollowUp;
use crate::domain::ids::EventId;
use crate::domain::settlement::{Answer, Renewal};

/// What a settlement came to.
#[derive(Clone, Debug)]
pub struct Settled {
    /// The event that was reported on.
    pub event_id: EventId,
    /// Its status after the report.
    pub status: Status,
    /// The number of the attempt that was reported on, from 1.
    pub attempt: i32,
    /// What the report did.
    pub outcome: SettledOutcome,
    /// When a retry is due, by the database's clock; `None` if the event is not to be leased again, or was renewed.
    pub available_at: Option<DateTime<Utc>>,
    /// The lease's new end; `None` unless the report renewed it.
    pub renewal: Option<Renewal>,
    /// What became of the follow-up events, in the order sent; empty where there were none.
    pub follow_ups: Vec<FollowUp>,
}

/// What a report did to its lease.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SettledOutcome {
    /// It ended the lease, with this answer.
    Ended(Answer),
    /// The lease goes on.
    Renewed,
}
