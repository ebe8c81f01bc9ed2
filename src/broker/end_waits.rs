//! Readers that wait for the end of something: of an event, or of all that is open of a run. Waking them is a hint: whoever is
//! woken reads it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

/// Who waits for the end of what.
#[derive(Debug)]
pub struct EndWaits<K>(Mutex<HashMap<K, Waiting>>);

/// All that wait for one of them.
#[derive(Debug, Default)]
struct Waiting {
    ended: Arc<Notify>,
    count: usize,
}

impl<K> Default for EndWaits<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + Eq + Hash> EndWaits<K> {
    /// Begins to wait. To be called before it is read, so that no end is missed.
    pub fn begin(&self, of: K) -> EndWait<'_, K> {
        let mut waits = self.0.lock();
        let waiting = waits.entry(of.clone()).or_default();
        waiting.count += 1;
        EndWait { ended: Arc::clone(&waiting.ended), of, waits: self }
    }

    /// All whose end somebody waits for.
    pub fn awaited(&self) -> Vec<K> {
        self.0.lock().keys().cloned().collect()
    }

    /// It has ended: wakes all that wait for that.
    pub fn wake(&self, of: &K) {
        if let Some(waiting) = self.0.lock().get(of) {
            waiting.ended.notify_waiters();
        }
    }
}

/// One wait, until it is dropped.
#[derive(Debug)]
pub struct EndWait<'a, K: Eq + Hash> {
    waits: &'a EndWaits<K>,
    /// Whose end it waits for.
    pub of: K,
    /// Notified when it may have ended.
    pub ended: Arc<Notify>,
}

impl<K: Eq + Hash> Drop for EndWait<'_, K> {
    fn drop(&mut self) {
        let mut waits = self.waits.0.lock();
        if let Some(waiting) = waits.get_mut(&self.of) {
            waiting.count -= 1;
            if waiting.count == 0 {
                waits.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_that_is_over_leaves_nothing_behind() {
        let waits = EndWaits::default();
        let (one, other) = (waits.begin("run-1"), waits.begin("run-1"));
        drop(one);
        assert_eq!(waits.awaited(), ["run-1"]);
        drop(other);
        assert!(waits.awaited().is_empty());
    }
}
