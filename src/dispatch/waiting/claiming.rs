//! Polls are taken out to be served by a claim, and what follows from it.

use std::mem;
use std::sync::Arc;

use tokio::time::Instant;

use super::known::Known;
use super::queue::{ClaimCounts, DueCount, PollState, PollsOfQueue};
use super::state::{State, WaitingPolls};
use super::waiting_poll::{Seen, WaitingPoll};
use crate::dispatch::poll::{PollNotice, Polled};
use crate::domain::ids::EngineId;
use crate::error::Result;

/// Queues of one claim.
const QUEUES_OF_ONE_CLAIM: usize = 64;

/// Polls of one queue that one claim serves. Where that does not come to its end, they are gone with this, and the others
/// of the queue find out for themselves.
#[derive(Debug)]
pub struct PollGroup {
    waiting: Arc<WaitingPolls>,
    /// Their queue.
    pub engine_type: Arc<str>,
    /// The polls, in the order in which they came.
    pub polls: Vec<WaitingPoll>,
    /// How many of the events that are known to be due the claim is to find.
    claimed_due: DueCount,
    /// When they were taken out. What changed since is not in what the claim finds.
    pub began_at: Instant,
    /// It is among the few claims that a queue has under way at once, and not for a single poll that was set apart.
    is_counted: bool,
}

/// What became of the polls of a group.
#[derive(Debug, Default)]
pub struct Claimed {
    /// In the order of the polls.
    pub answers: Vec<Result<Polled>>,
    /// How many events were wanted and taken, and whether there are more.
    pub found: ClaimCounts,
    /// The polls' engines, as the claim found them.
    pub engines: Vec<(EngineId, Known)>,
}

impl WaitingPolls {
    /// Polls to serve together: of each ready queue those that its events may suffice for.
    pub fn next_groups(self: &Arc<Self>) -> Vec<PollGroup> {
        let mut state = self.lock();
        let (mut groups, mut rows): (Vec<PollGroup>, usize) = (Vec::new(), 0);
        while groups.len() < QUEUES_OF_ONE_CLAIM && rows < self.settings.max_rows {
            let Some(engine_type) = state.ready.pop_front() else { break };
            let Some(queue) = state.queues.get_mut(&engine_type) else { continue };
            queue.is_ready = false;
            // One claim has each queue once: its transaction does not pass over rows that it has locked itself.
            if queue.is_claim_wanted() && !groups.iter().any(|group| group.engine_type == engine_type) {
                let (group, wanted) = self.take_group(&mut state, engine_type, self.settings.max_rows - rows);
                rows += wanted;
                groups.push(group);
            }
        }
        for group in &groups {
            state.mark_ready(&group.engine_type);
        }
        self.release(state);
        groups
    }

    /// Takes out the polls of one queue, and says how many events they want.
    fn take_group(self: &Arc<Self>, state: &mut State, engine_type: Arc<str>, max_rows: usize) -> (PollGroup, usize) {
        let State { polls, queues, .. } = state;
        let limit_of = |number: u64| {
            let limit = polls.get(&number).and_then(|poll| poll.poll.limit).unwrap_or(self.settings.default_limit);
            usize::try_from(limit).unwrap_or(usize::MAX)
        };
        let queue = queues.entry(Arc::clone(&engine_type)).or_default();
        let (numbers, claimed_due, wanted) = queue.take(max_rows, limit_of);
        queue.claims_under_way += 1;
        let mut polls: Vec<WaitingPoll> = numbers.into_iter().filter_map(|number| state.take_out(number)).collect();
        for poll in &mut polls {
            poll.generation = state.generation_of(&poll.poll);
        }
        let (waiting, began_at) = (Arc::clone(self), Instant::now());
        (PollGroup { waiting, engine_type, polls, claimed_due, began_at, is_counted: true }, wanted)
    }

    /// The service stops: no poll waits again, and those that claims are serving are answered with what these find.
    pub fn close(&self) {
        self.lock().is_closing = true;
    }
}

impl PollGroup {
    /// Nobody waits for its answers any more.
    pub fn is_unwanted(&self) -> bool {
        self.polls.iter().all(|poll| poll.reply.is_closed())
    }

    /// Makes a group of each of its polls, since together they fail.
    pub fn split(mut self) -> Vec<Self> {
        let polls = mem::take(&mut self.polls);
        let mut state = self.waiting.lock();
        state.end_claim(&self.engine_type, self.is_counted, |queue| queue.add_due(self.claimed_due));
        self.waiting.release(state);
        let single = |poll| Self {
            waiting: Arc::clone(&self.waiting),
            engine_type: Arc::clone(&self.engine_type),
            polls: vec![poll],
            claimed_due: DueCount::NONE,
            began_at: self.began_at,
            is_counted: false,
        };
        polls.into_iter().map(single).collect()
    }

    /// Its claim has ended: polls that got something, or must not wait any longer, are answered; the others wait again.
    pub fn end(mut self, claimed: Result<Claimed>) {
        let polls = mem::take(&mut self.polls);
        let mut state = self.waiting.lock();
        let (mut is_check_wanted, mut has_free_place) = (false, false);
        let mut check = |queue: &mut PollsOfQueue| {
            is_check_wanted = mem::take(&mut queue.is_check_wanted);
            has_free_place = mem::take(&mut queue.has_free_place);
        };
        match claimed {
            Ok(claimed) => {
                state.end_claim(&self.engine_type, self.is_counted, |queue| {
                    queue.note(self.began_at, self.claimed_due, claimed.found);
                    check(queue);
                });
                let first_free_again = state.free_again.first().copied();
                for undelivered in state.answer_or_put_back(polls, claimed) {
                    self.waiting.undelivered.add(&undelivered);
                }
                if state.free_again.first().copied() != first_free_again {
                    // The recheck sleeps no longer than until then.
                    self.waiting.checks_wanted.notify_one();
                }
            }
            Err(error) => {
                state.end_claim(&self.engine_type, self.is_counted, |queue| {
                    queue.add_due(self.claimed_due);
                    queue.seen_empty_at = None;
                    check(queue);
                });
                for poll in polls {
                    state.leave(&poll);
                    poll.answer(Err(error.clone()));
                }
            }
        }
        if has_free_place {
            state.serve_one_without_place(&self.engine_type);
        }
        if is_check_wanted {
            state.to_check.push(Arc::clone(&self.engine_type));
            self.waiting.checks_wanted.notify_one();
        }
        self.waiting.release(state);
    }
}

impl Drop for PollGroup {
    fn drop(&mut self) {
        if self.polls.is_empty() {
            return;
        }
        let mut state = self.waiting.lock();
        for poll in &self.polls {
            state.leave(poll);
        }
        state.end_claim(&self.engine_type, self.is_counted, PollsOfQueue::make_all_query);
        self.waiting.release(state);
    }
}

impl State {
    fn end_claim(&mut self, engine_type: &str, is_counted: bool, change: impl FnOnce(&mut PollsOfQueue)) {
        self.change_queue(engine_type, |queue| {
            queue.claims_under_way = queue.claims_under_way.saturating_sub(is_counted.into());
            change(queue);
        });
    }

    /// Answers polls that got something, or must not wait any longer; lets the others wait again. Gives back what was leased
    /// for callers that are gone.
    fn answer_or_put_back(&mut self, polls: Vec<WaitingPoll>, claimed: Claimed) -> Vec<Polled> {
        for (engine_id, known) in claimed.engines {
            if let Some(engine) = self.engines.get_mut(&engine_id) {
                engine.note(Some(known));
            }
        }
        let now = Instant::now();
        let mut undelivered = Vec::new();
        for (mut poll, answer) in polls.into_iter().zip(claimed.answers) {
            let notice = match answer {
                Ok(polled) if polled.events.is_empty() => polled.notice,
                answer => {
                    self.leave(&poll);
                    undelivered.extend(poll.answer(answer));
                    continue;
                }
            };
            let is_draining = matches!(notice, Some(PollNotice::EngineDraining { .. }));
            let starts_to_drain = is_draining && poll.seen.is_draining() == Some(false);
            // Others took so much that there may be something that this claim did not scan.
            let was_passed_over = claimed.found.is_cut && notice.is_none() && poll.seen == Seen::NotYet;
            let must_not_wait = starts_to_drain || self.is_closing || (now >= poll.deadline && !was_passed_over);
            if must_not_wait || poll.reply.is_closed() {
                self.leave(&poll);
                poll.answer(Ok(Polled { notice, ..Polled::default() }));
                continue;
            }
            if let (Some(PollNotice::EngineHoldingOff { ends_at, .. }), Some(engine_id)) =
                (&notice, poll.poll.engine_id)
            {
                self.free_again.insert((*ends_at, engine_id));
            }
            let has_changed = self.generation_of(&poll.poll) != poll.generation;
            let poll_state = match notice {
                _ if was_passed_over || has_changed => PollState::MustQuery,
                Some(_) => PollState::CannotTake,
                None => PollState::WaitsForHint,
            };
            poll.seen = Seen::Claimed(notice);
            self.put(poll, poll_state);
        }
        undelivered
    }
}

#[cfg(test)]
mod tests;
