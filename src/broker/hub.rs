//! Waking parked polls, and readers who wait for an event's end. A wake-up is a hint: who is woken looks, and may
//! find nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;

use crate::domain::ids::{EngineId, EventId};

#[derive(Debug, Default)]
pub struct Hub {
    parked: Mutex<Parked>,
}

#[derive(Debug, Default)]
struct Parked {
    queues: HashMap<String, Signal>,
    engines: HashMap<EngineId, Signal>,
    events: HashMap<EventId, Signal>,
}

/// A bell, and how many wait for it.
#[derive(Debug, Default)]
struct Signal {
    bell: Arc<Notify>,
    waiting: usize,
}

impl Hub {
    fn lock(&self) -> MutexGuard<'_, Parked> {
        self.parked.lock().expect("nothing panics while it holds this lock")
    }

    /// Registers interest; look only afterwards, so that nothing can happen unnoticed in between.
    pub fn park(&self, engine_type: &str, engine_id: Option<EngineId>) -> Place<'_> {
        let mut parked = self.lock();
        let queue = parked.queues.entry(engine_type.to_owned()).or_default();
        queue.waiting += 1;
        let ready = Arc::clone(&queue.bell);
        let engine_changed = engine_id.map(|engine_id| {
            let engine = parked.engines.entry(engine_id).or_default();
            engine.waiting += 1;
            Arc::clone(&engine.bell)
        });
        Place { hub: self, engine_type: engine_type.to_owned(), engine_id, ready, engine_changed }
    }

    /// Registers interest in an event's end; look only afterwards.
    pub fn await_end(&self, event_id: EventId) -> Watch<'_> {
        let mut parked = self.lock();
        let event = parked.events.entry(event_id).or_default();
        event.waiting += 1;
        Watch { hub: self, event_id, ended: Arc::clone(&event.bell) }
    }

    /// The events whose end somebody waits for.
    pub fn awaited_events(&self) -> Vec<EventId> {
        self.lock().events.keys().copied().collect()
    }

    /// The event ended: wakes all that wait for it.
    pub fn wake_event(&self, event_id: EventId) {
        if let Some(event) = self.lock().events.get(&event_id) {
            event.bell.notify_waiters();
        }
    }

    /// Events of that queue can be leased now, or sooner than was known: wakes as many as there are events.
    pub fn wake_for_events(&self, engine_type: &str, events: usize) {
        let parked = self.lock();
        if let Some(queue) = parked.queues.get(engine_type) {
            for _ in 0..events.min(queue.waiting) {
                queue.bell.notify_one();
            }
        }
    }

    /// Something changed for all that wait for this queue.
    pub fn wake_queue(&self, engine_type: &str) {
        self.wake_for_events(engine_type, usize::MAX);
    }

    /// The engine settled something, or was told to drain or to go on.
    pub fn wake_engine(&self, engine_id: EngineId) {
        if let Some(engine) = self.lock().engines.get(&engine_id) {
            engine.bell.notify_waiters();
        }
    }
}

/// A parked poll's place, given up when dropped.
#[derive(Debug)]
pub struct Place<'a> {
    hub: &'a Hub,
    engine_type: String,
    engine_id: Option<EngineId>,
    pub ready: Arc<Notify>,
    pub engine_changed: Option<Arc<Notify>>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut parked = self.hub.lock();
        leave(&mut parked.queues, &self.engine_type);
        if let Some(engine_id) = self.engine_id {
            leave(&mut parked.engines, &engine_id);
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
        leave(&mut self.hub.lock().events, &self.event_id);
    }
}

fn leave<K: std::hash::Hash + Eq>(signals: &mut HashMap<K, Signal>, key: &K) {
    if let Some(signal) = signals.get_mut(key) {
        signal.waiting -= 1;
        if signal.waiting == 0 {
            signals.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn as_many_wake_as_there_are_events() {
        let hub = Hub::default();
        let places: Vec<_> = (0..3).map(|_| hub.park("dialogue", None)).collect();
        let mut waits: Vec<_> = places.iter().map(|place| Box::pin(place.ready.notified())).collect();
        for wait in &mut waits {
            wait.as_mut().enable();
        }
        hub.wake_for_events("dialogue", 2);
        let woken = waits.iter_mut().filter_map(|wait| futures_util::FutureExt::now_or_never(wait.as_mut())).count();
        assert_eq!(woken, 2);
    }

    #[test]
    fn who_leaves_leaves_nothing_behind() {
        let hub = Hub::default();
        drop(hub.park("dialogue", Some(EngineId(uuid::Uuid::nil()))));
        drop(hub.await_end(EventId(uuid::Uuid::nil())));
        assert!(hub.lock().queues.is_empty() && hub.lock().engines.is_empty() && hub.lock().events.is_empty());
    }
}
