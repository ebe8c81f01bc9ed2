//! Readers that wait for an event's end. Waking them is a hint: whoever is woken reads the event.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;

use crate::domain::ids::EventId;

/// Who waits for which event.
#[derive(Debug, Default)]
pub struct EventWaits {
    events: Mutex<HashMap<EventId, Waiting>>,
}

/// All that wait for one event.
#[derive(Debug, Default)]
struct Waiting {
    ended: Arc<Notify>,
    count: usize,
}

impl EventWaits {
    fn lock(&self) -> MutexGuard<'_, HashMap<EventId, Waiting>> {
        self.events.lock()
    }

    /// Begins to wait for an event's end. To be called before the event is read, so that no end is missed.
    pub fn begin(&self, event_id: EventId) -> EventWait<'_> {
        let mut events = self.lock();
        let event = events.entry(event_id).or_default();
        event.count += 1;
        EventWait { waits: self, event_id, ended: Arc::clone(&event.ended) }
    }

    /// The events whose end somebody waits for.
    pub fn awaited(&self) -> Vec<EventId> {
        self.lock().keys().copied().collect()
    }

    /// The event ended: wakes all that wait for it.
    pub fn wake(&self, event_id: EventId) {
        if let Some(event) = self.lock().get(&event_id) {
            event.ended.notify_waiters();
        }
    }
}

/// One wait for an event's end, until it is dropped.
#[derive(Debug)]
pub struct EventWait<'a> {
    waits: &'a EventWaits,
    /// The event.
    pub event_id: EventId,
    /// Notified when the event may have ended.
    pub ended: Arc<Notify>,
}

impl Drop for EventWait<'_> {
    fn drop(&mut self) {
        let mut events = self.waits.lock();
        if let Some(event) = events.get_mut(&self.event_id) {
            event.count -= 1;
            if event.count == 0 {
                events.remove(&self.event_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_that_is_over_leaves_nothing_behind() {
        let waits = EventWaits::default();
        drop(waits.begin(EventId(uuid::Uuid::nil())));
        assert!(waits.lock().is_empty());
    }
}
