//! One poll that waits.

use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::Instant;

use crate::dispatch::poll::{Poll, PollNotice, Polled};
use crate::error::Result;

/// A poll that has no answer yet.
#[derive(Debug)]
pub struct WaitingPoll {
    /// In the order in which they came.
    pub number: u64,
    /// The poll itself.
    pub poll: Poll,
    /// When it is answered without events.
    pub deadline: Instant,
    /// What is known of its queue and its engine.
    pub seen: Seen,
    /// Of its engine and its queue, when the claim that serves it began.
    pub generation: u64,
    /// Where its answer goes. Closed when the caller hangs up.
    pub reply: oneshot::Sender<Result<Polled>>,
    /// Its share in how many may wait; `None` for one that does not wait.
    pub _permit: Option<OwnedSemaphorePermit>,
}

/// What is known of a poll's situation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Seen {
    /// No query has run for it yet: an answer without events would be a guess.
    NotYet,
    /// It waits without a claim of its own, since its queue was just seen empty and its engine in order.
    Assumed,
    /// A claim found nothing for it, for this reason if it is not for want of events.
    Claimed(Option<PollNotice>),
}

impl Seen {
    /// Why the last claim gave it nothing, where there is a cause beside an empty queue.
    pub const fn notice(&self) -> Option<&PollNotice> {
        match self {
            Self::Claimed(notice) => notice.as_ref(),
            Self::NotYet | Self::Assumed => None,
        }
    }

    /// Whether its engine was draining; `None` while that is not known.
    pub const fn is_draining(&self) -> Option<bool> {
        match self {
            Self::NotYet => None,
            Self::Assumed => Some(false),
            Self::Claimed(notice) => Some(matches!(notice, Some(PollNotice::EngineDraining { .. }))),
        }
    }
}

impl WaitingPoll {
    /// Answers the poll. Gives back an answer with leases whose caller is gone.
    pub fn answer(self, answer: Result<Polled>) -> Option<Polled> {
        match self.reply.send(answer) {
            Err(Ok(undelivered)) if undelivered.are_new_leases() => Some(undelivered),
            Ok(()) | Err(_) => None,
        }
    }
}
