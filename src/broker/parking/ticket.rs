//! One poll that waits, on both sides: the ticket that stands in the queue, and who holds it.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Parking;
use crate::broker::lease::{Notice, Poll, Polled};
use crate::broker::{Error, Result};

#[derive(Debug)]
pub struct Ticket {
    /// In the order in which they came.
    pub number: u64,
    pub poll: Arc<Poll>,
    pub deadline: Instant,
    /// Of its last look.
    pub notice: Option<Notice>,
    pub was_draining: Option<bool>,
    /// It was parked without a look.
    pub is_assumed: bool,
    /// Whether an answer without events is the truth, and not for want of a look.
    pub has_been_looked_for: bool,
    pub reply: oneshot::Sender<Result<Polled>>,
}

impl Ticket {
    /// Answers the poll. Gives back what was leased for one whose caller is gone.
    pub fn answer(self, answer: Result<Polled>) -> Option<Polled> {
        match self.reply.send(answer) {
            // Another request with the same poll_id has these leases, and works on them.
            Err(Ok(unwanted)) if !unwanted.is_repeat && !unwanted.events.is_empty() => Some(unwanted),
            Ok(()) | Err(_) => None,
        }
    }
}

/// What whoever waits for a ticket's answer holds; with it the ticket goes.
#[derive(Debug)]
pub struct Waiting {
    parking: Arc<Parking>,
    number: u64,
    answer: oneshot::Receiver<Result<Polled>>,
}

impl Waiting {
    pub const fn new(parking: Arc<Parking>, number: u64, answer: oneshot::Receiver<Result<Polled>>) -> Self {
        Self { parking, number, answer }
    }

    pub async fn answer(&mut self) -> Result<Polled> {
        (&mut self.answer).await.map_err(|_| Error::Crashed)?
    }

    /// Waits no longer: with the notice of its last look, or, if it is just being looked for, with the answer to that.
    pub async fn give_up(mut self) -> Result<Polled> {
        match self.parking.withdraw(self.number, false) {
            Some(ticket) => Ok(Polled { notice: ticket.notice, ..Polled::default() }),
            None => self.answer().await,
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // From here on nobody parks the ticket again; then what had been answered just before can be taken out.
        self.answer.close();
        self.parking.withdraw(self.number, true);
        if let Ok(Ok(polled)) = self.answer.try_recv()
            && !polled.is_repeat
            && !polled.events.is_empty()
        {
            self.parking.orphan(&polled);
        }
    }
}
