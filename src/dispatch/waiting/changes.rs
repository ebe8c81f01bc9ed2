//! What has waiting polls served: events that came, places that became free, engines that changed.

use std::sync::Arc;

use tokio::time::Instant;

use super::queue::{DueCount, PollState, PollsOfQueue};
use super::state::{State, WaitingPolls};
use crate::dispatch::poll::PollNotice;
use crate::domain::ids::EngineId;

impl WaitingPolls {
    /// That many events came into the queue, or may have.
    pub fn landed(&self, engine_type: &str, events: usize) {
        self.change(|state| {
            state.change_queue(engine_type, |queue| {
                queue.add_due(DueCount::Known(events));
                queue.seen_empty_at = None;
            });
        });
    }

    /// Something changed for all that wait for this queue.
    pub fn queue_changed(&self, engine_type: &str) {
        self.change(|state| state.change_queue(engine_type, PollsOfQueue::make_all_query));
    }

    /// The engine was told to drain, or changed, or is gone.
    pub fn engine_changed(&self, engine_id: EngineId) {
        self.change(|state| {
            if let Some(engine) = state.engines.get_mut(&engine_id) {
                engine.known = None;
                engine.changed_at = Some(Instant::now());
            }
            state.serve_engine(engine_id, true);
        });
    }

    /// An engine settled something, and may take more again.
    pub fn engine_freed(&self, engine_id: EngineId) {
        self.change(|state| state.serve_engine(engine_id, false));
    }

    /// An event of the queue is not processed any more: one poll may have its place, if there was none.
    pub fn place_freed(&self, engine_type: &str) {
        self.change(|state| {
            if !state.serve_one_without_place(engine_type)
                && let Some(queue) = state.queues.get_mut(engine_type)
            {
                // The polls that a claim is serving may be about to find it full.
                queue.has_free_place = queue.claims_under_way > 0;
            }
        });
    }

    /// Whether polls wait here that may take what comes.
    pub fn has_takers(&self, engine_type: &str) -> bool {
        let state = self.lock();
        let queue = state.queues.get(engine_type);
        queue.is_some_and(|queue| !queue.waits_for_hint.is_empty() || !queue.must_query.is_empty())
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        self.release(state);
    }
}

impl State {
    /// Has the oldest poll served that found the queue full. False if there is none.
    pub fn serve_one_without_place(&mut self, engine_type: &str) -> bool {
        let Some(queue) = self.queues.get(engine_type) else { return false };
        let found_it_full = |number: &&u64| {
            let notice = self.polls.get(number).and_then(|poll| poll.seen.notice());
            matches!(notice, Some(PollNotice::QueueAtMaxProcessing { .. }))
        };
        let number = queue.cannot_take.iter().find(found_it_full).copied();
        if let Some(number) = number {
            self.make_query(engine_type, number);
        }
        number.is_some()
    }

    /// Has the polls of an engine served: all, or those that could not take any before, or not those events that are due.
    /// Polls that a claim is serving just now are served again.
    pub fn serve_engine(&mut self, engine_id: EngineId, is_for_all: bool) {
        let Some(engine) = self.engines.get_mut(&engine_id) else { return };
        engine.generation += 1;
        for number in engine.numbers.clone() {
            let Some(poll) = self.polls.get(&number) else { continue };
            let Some((name, queue)) = self.queues.get_key_value(poll.poll.engine_type.as_str()) else { continue };
            if is_for_all || queue.left_at.is_some() || queue.cannot_take.contains(&number) {
                let name = Arc::clone(name);
                self.make_query(&name, number);
            }
        }
    }

    fn make_query(&mut self, engine_type: &str, number: u64) {
        self.change_queue(engine_type, |queue| {
            queue.remove(number);
            queue.put(number, PollState::MustQuery);
        });
    }
}
