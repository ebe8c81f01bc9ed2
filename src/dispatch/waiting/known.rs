//! An engine as the latest query found it: enough to let its polls wait without another one.

use std::time::Duration;

use tokio::time::Instant;

use super::waiting_poll::{Seen, WaitingPoll};
use crate::dispatch::poll::{Poll, PollNotice};

/// An engine as a query found it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Known {
    /// The queue that it is for.
    pub engine_type: String,
    /// How often it has registered, from 1.
    pub incarnation: i32,
    /// It gets no further events.
    pub is_draining: bool,
    /// It is given nothing for now: its version is quarantined, or it holds off.
    pub is_kept_out: bool,
    /// It holds leases, of which a repeated poll may be asking.
    pub holds_any: bool,
    /// It may take one more event. False where that was not asked.
    pub has_room: bool,
    /// When the query began.
    pub asked_at: Instant,
}

impl Known {
    /// True if the query began less than `trust` ago.
    pub fn is_fresh(&self, trust: Duration) -> bool {
        self.asked_at.elapsed() < trust
    }

    /// True if a claim could only find that there are no events for this poll.
    pub fn is_free_to_wait(&self, poll: &Poll) -> bool {
        let may_be_a_repeat = poll.poll_id.is_some() && self.holds_any;
        let is_given_events = !self.is_draining && !self.is_kept_out;
        self.is_meant_by(poll) && is_given_events && self.has_room && !may_be_a_repeat
    }

    /// It is of the type, and of the incarnation, that the poll names.
    fn is_meant_by(&self, poll: &Poll) -> bool {
        let is_incarnation = poll.incarnation.is_none_or(|incarnation| incarnation == self.incarnation);
        is_incarnation && self.engine_type == poll.engine_type.as_str()
    }

    /// Whether a claim would find for a waiting poll what it found before.
    pub fn is_as_before(&self, poll: &WaitingPoll) -> bool {
        match &poll.seen {
            Seen::NotYet => false,
            Seen::Assumed => self.is_free_to_wait(&poll.poll),
            Seen::Claimed(notice) => {
                self.is_meant_by(&poll.poll)
                    && Some(self.is_draining) == poll.seen.is_draining()
                    // A draining engine is told that alone.
                    && (self.is_draining || self.is_kept_out == notice.as_ref().is_some_and(PollNotice::keeps_engine_out))
            }
        }
    }
}
