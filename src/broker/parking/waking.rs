//! What has parked polls looked for: events that came, places that became free, engines that are not what they were.

use std::sync::Arc;

use super::queue::{Place, Queue};
use super::{MAX_CHANGED, Parking, State};
use crate::broker::lease::Notice;
use crate::domain::ids::EngineId;

impl Parking {
    /// That many events came into the queue, or may have.
    pub fn landed(&self, engine_type: &str, events: usize) {
        self.with_queue(engine_type, |queue| {
            queue.hint = queue.hint.saturating_add(events);
            queue.seen_empty_at = None;
        });
    }

    /// Something changed for all that wait for this queue.
    pub fn wake_queue(&self, engine_type: &str) {
        self.with_queue(engine_type, Queue::make_all_eager);
    }

    /// Nothing is remembered of queues that nobody waits for.
    fn with_queue(&self, engine_type: &str, change: impl FnOnce(&mut Queue)) {
        let mut state = self.lock();
        if let Some((name, _)) = state.queues.get_key_value(engine_type) {
            let name = Arc::clone(name);
            if let Some(queue) = state.queues.get_mut(&name) {
                change(queue);
            }
            state.heat(&name);
            self.done(state);
        }
    }

    /// The engine is not what it was: it was told to drain, or changed, or is gone.
    pub fn engine_changed(&self, engine_id: EngineId) {
        let mut state = self.lock();
        state.known.forget(engine_id);
        state.wake_engine(engine_id, true);
        self.done(state);
    }

    /// An engine settled something, and may take more again.
    pub fn engine_freed(&self, engine_id: EngineId) {
        let mut state = self.lock();
        state.wake_engine(engine_id, false);
        self.done(state);
    }

    /// An event of the queue is not processed any more: one poll may have its place, if there was none.
    pub fn place_freed(&self, engine_type: &str) {
        let mut state = self.lock();
        state.wake_one_without_place(engine_type);
        self.done(state);
    }
}

impl State {
    /// Has the oldest poll looked for that found the queue full.
    fn wake_one_without_place(&mut self, engine_type: &str) {
        let Some((name, queue)) = self.queues.get_key_value(engine_type) else { return };
        let found_it_full = |number: &&u64| {
            let ticket = self.tickets.get(number);
            ticket.is_some_and(|ticket| matches!(ticket.notice, Some(Notice::QueueAtMaxProcessing { .. })))
        };
        let Some(&number) = queue.blocked.iter().find(found_it_full) else { return };
        let name = Arc::clone(name);
        if let Some(queue) = self.queues.get_mut(&name) {
            queue.remove(number);
            queue.put(number, Place::Eager);
        }
        self.heat(&name);
    }

    /// Has the polls of an engine looked for: all, or those that could not take anything before.
    fn wake_engine(&mut self, engine_id: EngineId, is_for_all: bool) {
        self.changes += 1;
        if !self.looks.is_empty() {
            if self.changed.len() >= MAX_CHANGED {
                self.changed.clear();
                self.all_changed = self.changes;
            }
            self.changed.insert(engine_id, self.changes);
        }
        let Some(numbers) = self.engines.get(&engine_id) else { return };
        let mut names = Vec::new();
        for number in numbers {
            let Some(ticket) = self.tickets.get(number) else { continue };
            let Some((name, _)) = self.queues.get_key_value(ticket.poll.engine_type.as_str()) else { continue };
            let name = Arc::clone(name);
            if let Some(queue) = self.queues.get_mut(&name)
                && (is_for_all || queue.blocked.contains(number))
            {
                queue.remove(*number);
                queue.put(*number, Place::Eager);
                names.push(name);
            }
        }
        for name in names {
            self.heat(&name);
        }
    }
}
