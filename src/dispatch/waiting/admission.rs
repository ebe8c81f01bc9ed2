//! A poll comes, waits for its answer, and goes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::Instant;

use super::queue::{DueCount, PollState};
use super::state::{State, WaitingPolls};
use super::waiting_poll::{Seen, WaitingPoll};
use crate::dispatch::poll::{Poll, Polled};
use crate::domain::ids::EngineId;
use crate::error::{Error, Result};

impl WaitingPolls {
    /// Takes a poll in. Where nothing can be there for it, it waits without a claim. Where as many wait as may, it is
    /// served once and does not wait; with it comes the reason.
    pub fn admit(self: &Arc<Self>, poll: Poll, deadline: Instant) -> (PendingAnswer, Option<Error>) {
        let (reply, answer) = oneshot::channel();
        let mut state = self.lock();
        let now = Instant::now();
        let permit = (deadline > now).then(|| self.permit_to_wait(&state, poll.engine_id)).transpose();
        let (permit, full) = permit.map_or_else(|full| (None, Some(full)), |permit| (permit, None));
        let number = state.next_number;
        state.next_number += 1;
        let can_wait = permit.is_some() && self.can_wait_unclaimed(&state, &poll);
        let deadline = if permit.is_some() { deadline } else { now };
        let seen = if can_wait { Seen::Assumed } else { Seen::NotYet };
        let waiting_poll = WaitingPoll { number, poll, deadline, seen, generation: 0, reply, _permit: permit };
        state.enter(waiting_poll, if can_wait { PollState::WaitsForHint } else { PollState::MustQuery });
        self.release(state);
        (PendingAnswer { waiting: Arc::clone(self), number, answer }, full)
    }

    /// How often the engine had registered when it was last looked at, if that was lately and no longer ago than `within`.
    pub fn lately_known_incarnation(&self, engine_id: EngineId, within: Duration) -> Option<i32> {
        let state = self.lock();
        let known = state.engines.get(&engine_id)?.known.as_ref()?;
        known.is_fresh(self.trust().min(within)).then_some(known.incarnation)
    }

    /// A permit to wait, or why there is none.
    fn permit_to_wait(&self, state: &State, engine_id: Option<EngineId>) -> Result<OwnedSemaphorePermit> {
        let limit = self.settings.max_polls_of_engine;
        if let Some(engine_id) = engine_id
            && state.engines.get(&engine_id).is_some_and(|engine| engine.numbers.len() >= limit)
        {
            return Err(Error::TooManyPollsOfEngine { engine_id, limit });
        }
        let full = |_| Error::TooManyWaiting { limit: self.settings.max_waiting };
        Arc::clone(&self.places).try_acquire_owned().map_err(full)
    }

    /// Whether a poll can wait as if a claim had found nothing for it.
    fn can_wait_unclaimed(&self, state: &State, poll: &Poll) -> bool {
        let Some(queue) = state.queues.get(poll.engine_type.as_str()) else { return false };
        let is_empty =
            queue.known_due == DueCount::NONE && queue.seen_empty_at.is_some_and(|at| at.elapsed() < self.trust());
        let is_known = match poll.engine_id {
            Some(engine_id) => {
                let known = state.engines.get(&engine_id).and_then(|engine| engine.known.as_ref());
                known.is_some_and(|known| known.is_fresh(self.trust()) && known.is_free_to_wait(poll))
            }
            None => poll.poll_id.is_none(),
        };
        is_empty && is_known
    }

    /// Takes a poll out that no claim is serving just now, if `may_go` says so of it.
    fn withdraw(&self, number: u64, may_go: impl FnOnce(&WaitingPoll) -> bool) -> Option<WaitingPoll> {
        let mut state = self.lock();
        let poll = if state.polls.get(&number).is_some_and(may_go) { state.take_out(number) } else { None };
        if let Some(poll) = &poll {
            state.leave(poll);
        }
        self.release(state);
        poll
    }
}

/// What a caller holds while its poll waits; the poll goes with it.
#[derive(Debug)]
pub struct PendingAnswer {
    waiting: Arc<WaitingPolls>,
    number: u64,
    answer: oneshot::Receiver<Result<Polled>>,
}

impl PendingAnswer {
    /// Waits for the answer.
    pub async fn answer(&mut self) -> Result<Polled> {
        (&mut self.answer).await.map_err(|_| Error::Crashed)?
    }

    /// Waits no longer: answers what the last claim found, or, if one is serving the poll or has yet to, what that finds.
    pub async fn give_up(mut self) -> Result<Polled> {
        match self.waiting.withdraw(self.number, |poll| poll.seen != Seen::NotYet) {
            Some(poll) => Ok(Polled { notice: poll.seen.notice().cloned(), ..Polled::default() }),
            None => self.answer().await,
        }
    }
}

impl Drop for PendingAnswer {
    fn drop(&mut self) {
        // From here on the poll does not wait again; then what had been answered just before can be taken out.
        self.answer.close();
        self.waiting.withdraw(self.number, |_| true);
        if let Ok(Ok(polled)) = self.answer.try_recv()
            && polled.are_new_leases()
        {
            self.waiting.undelivered.add(&polled);
        }
    }
}
