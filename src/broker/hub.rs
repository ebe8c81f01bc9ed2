//! Waking readers who wait for an event's end. A wake-up is a hint: who is woken looks.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;

use crate::domain::ids::EventId;

#[derive(Debug, Default)]
pub struct Hub {
    events: Mutex<HashMap<EventId, Signal>>,
}

/// A bell, and how many wait for it.
#[derive(Debug, Default)]
struct Signal {
    bell: Arc<Notify>,
    waiting: usize,
}

impl Hub {
    fn lock(&self) -> MutexGuard<'_, HashMap<EventId, Signal>> {
        self.events.lock()
    }

    /// Registers interest in an event's end; look only afterwards.
    pub fn await_end(&self, event_id: EventId) -> Watch<'_> {
        let mut events = self.lock();
        let event = events.entry(event_id).or_default();
        event.waiting += 1;
        Watch { hub: self, event_id, ended: Arc::clone(&event.bell) }
    }

    /// The events whose end somebody waits for.
    pub fn awaited_events(&self) -> Vec<EventId> {
        self.lock().keys().copied().collect()
    }

    /// The event ended: wakes all that wait for it.
    pub fn wake_event(&self, event_id: EventId) {
        if let Some(event) = self.lock().get(&event_id) {
            event.bell.notify_waiters();
        }
    }
}

/// Somebody's interest in an event's end, given up when dropped.
#[derive(Debug)]
pub struct Watch<'a> {
    hub: &'a Hub,
    event_id: EventId,
    pub ended: Arc<Notify>,
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let mut events = self.hub.lock();
        if let Some(event) = events.get_mut(&self.event_id) {
            event.waiting -= 1;
            if event.waiting == 0 {
                events.remove(&self.event_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_leaves_leaves_nothing_behind() {
        let hub = Hub::default();
        drop(hub.await_end(EventId(uuid::Uuid::nil())));
        assert!(hub.lock().is_empty());
    }
}
