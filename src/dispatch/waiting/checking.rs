//! What the recheck is to find out for waiting polls, and what follows from it.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::time::Instant;

use super::known::Known;
use super::queue::{DueCount, PollState, PollsOfQueue};
use super::state::WaitingPolls;
use crate::domain::ids::EngineId;

/// What is to be found out.
#[derive(Debug, Default)]
pub struct Questions {
    /// When they have something due.
    pub queues: Vec<Arc<str>>,
    /// How they stand.
    pub engines: Vec<EngineId>,
}

/// What a check found of a queue.
#[derive(Debug)]
pub struct QueueCheck {
    /// The queue's name.
    pub engine_type: Arc<str>,
    /// When it has something due: at a time in the past, now.
    pub next_due: Option<Instant>,
    /// Events that not every engine may have beside what it holds, and it is not known whose poll may.
    pub has_due_suspects: bool,
}

impl WaitingPolls {
    /// Everything there is to find out for all that wait. Those that could not take any are served.
    pub fn questions(&self) -> Questions {
        let mut state = self.lock();
        state.to_check.clear();
        let mut questions = Questions::default();
        let names: Vec<Arc<str>> = state.queues.keys().cloned().collect();
        for name in names {
            let Some(queue) = state.queues.get_mut(&name) else { continue };
            queue.must_query.append(&mut queue.cannot_take);
            if !queue.waits_for_hint.is_empty() {
                questions.queues.push(Arc::clone(&name));
            } else if queue.is_forgettable() && queue.seen_empty_at.is_none_or(|at| at.elapsed() > self.trust()) {
                state.queues.remove(&name);
                continue;
            }
            state.mark_ready(&name);
        }
        state.engines.retain(|_, engine| !engine.is_forgettable(self.trust()));
        let polling = state.engines.iter().filter(|(_, engine)| !engine.numbers.is_empty());
        questions.engines = polling.map(|(engine_id, _)| *engine_id).collect();
        self.release(state);
        questions
    }

    /// The queues to be checked out of turn, and the next time at which something becomes due.
    pub fn urgent_checks(&self) -> (Vec<Arc<str>>, Option<Instant>) {
        let mut state = self.lock();
        let now = Instant::now();
        let is_due = |queue: &PollsOfQueue| queue.next_due.is_some_and(|at| at <= now);
        let due = state.queues.iter().filter(|(_, queue)| is_due(queue)).map(|(name, _)| Arc::clone(name));
        for name in due.collect::<Vec<_>>() {
            state.change_queue(&name, |queue| {
                queue.next_due = None;
                // After the claim for it, the next time is asked for.
                queue.is_check_wanted = !queue.waits_for_hint.is_empty();
                queue.add_due(DueCount::Known(1));
                queue.seen_empty_at = None;
            });
        }
        while let Some((at, engine_id)) = state.free_again.first().copied().filter(|(at, _)| *at <= now) {
            state.free_again.remove(&(at, engine_id));
            state.serve_engine(engine_id, true);
        }
        let next_due = state.queues.values().filter_map(|queue| queue.next_due);
        let next = next_due.chain(state.free_again.first().map(|(at, _)| *at)).min();
        let to_check = std::mem::take(&mut state.to_check);
        self.release(state);
        (to_check, next)
    }

    /// Something of the queue becomes due then.
    pub fn will_be_due(&self, engine_type: &str, at: Instant) {
        let mut state = self.lock();
        if let Some(queue) = state.queues.get_mut(engine_type)
            && queue.next_due.is_none_or(|known| at < known)
        {
            queue.next_due = Some(at);
            drop(state);
            self.checks_wanted.notify_one();
        }
    }

    /// Notes what was found of queues, as it was at `asked_at`.
    pub fn note_queues(&self, checks: Vec<QueueCheck>, asked_at: Instant) {
        let mut state = self.lock();
        for QueueCheck { engine_type, next_due, has_due_suspects } in checks {
            state.change_queue(&engine_type, |queue| match next_due {
                Some(at) if at <= asked_at => {
                    let due = if has_due_suspects { DueCount::Unknown } else { DueCount::Known(1) };
                    queue.known_due = queue.known_due.max(due);
                }
                next_due => {
                    queue.left_at = queue.left_at.filter(|left_at| *left_at > asked_at);
                    if queue.known_due == DueCount::NONE {
                        queue.seen_empty_at = Some(asked_at);
                    }
                    // One that came meanwhile may be due sooner.
                    let meanwhile = queue.next_due.filter(|at| *at > asked_at);
                    queue.next_due = next_due.into_iter().chain(meanwhile).min();
                }
            });
        }
        self.release(state);
    }

    /// Notes what was found of the engines that polls wait for; one that is not among them is gone. Polls whose engine is
    /// not as before are served.
    pub fn note_engines(&self, asked: &[EngineId], found: Vec<(EngineId, Known)>) {
        let mut found: HashMap<EngineId, Known> = found.into_iter().collect();
        let mut state = self.lock();
        for engine_id in asked {
            let known = found.remove(engine_id);
            let Some(engine) = state.engines.get_mut(engine_id) else { continue };
            engine.note(known.clone());
            for number in engine.numbers.clone() {
                let Some(poll) = state.polls.get(&number) else { continue };
                if !known.as_ref().is_some_and(|known| known.is_as_before(poll))
                    && let Some(poll) = state.take_out(number)
                {
                    state.put(poll, PollState::MustQuery);
                }
            }
        }
        self.release(state);
    }

    /// Nothing could be found out: each poll is to find out for itself.
    pub fn serve_all(&self) {
        let mut state = self.lock();
        let names: Vec<Arc<str>> = state.queues.keys().cloned().collect();
        for name in names {
            state.change_queue(&name, PollsOfQueue::make_all_query);
        }
        self.release(state);
    }
}
