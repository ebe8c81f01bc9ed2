//! Leaky buckets: how often each of many callers may do something in a window of time. Of a bucket, only the time at which
//! it will be empty is kept.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// One bucket for each caller, for as many callers as are kept.
#[derive(Debug)]
pub struct Buckets<K> {
    window: Duration,
    /// Takes one drop out of a bucket.
    interval: Duration,
    callers_kept: usize,
    empty_at: HashMap<K, Instant>,
}

impl<K: Eq + Hash> Buckets<K> {
    /// `most` times in `window`, and then once each `window / most`, for up to `callers_kept` callers at a time.
    #[must_use]
    pub fn new(most: u32, window: Duration, callers_kept: usize) -> Self {
        Self { window, interval: window / most.max(1), callers_kept, empty_at: HashMap::new() }
    }

    /// How long that caller has to wait before the next time; `None` if it may go on now.
    #[must_use]
    pub fn must_wait(&self, caller: &K, now: Instant) -> Option<Duration> {
        let empty_at = *self.empty_at.get(caller)?;
        let filled = empty_at.saturating_duration_since(now) + self.interval;
        filled.checked_sub(self.window).filter(|wait| !wait.is_zero())
    }

    /// Whether a bucket for that caller is there, or one more can be kept.
    pub fn has_room_for(&mut self, caller: &K, now: Instant) -> bool {
        if self.empty_at.len() >= self.callers_kept && !self.empty_at.contains_key(caller) {
            self.empty_at.retain(|_, empty_at| *empty_at > now);
            return self.empty_at.len() < self.callers_kept;
        }
        true
    }

    /// Counts one time more. To be asked first: [`Buckets::has_room_for`].
    pub fn fill(&mut self, caller: K, now: Instant) {
        let empty_at = self.empty_at.entry(caller).or_insert(now);
        *empty_at = (*empty_at).max(now) + self.interval;
    }

    /// Takes one time back that was counted in vain.
    pub fn give_back(&mut self, caller: &K) {
        if let Some(empty_at) = self.empty_at.get_mut(caller) {
            *empty_at = empty_at.checked_sub(self.interval).unwrap_or(*empty_at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_most_pass_in_a_window_and_then_one_each_interval() {
        let (mut buckets, now) = (Buckets::new(3, MINUTE, 10), Instant::now());
        for _ in 0..3 {
            assert_eq!(buckets.must_wait(&'a', now), None);
            buckets.fill('a', now);
        }
        assert_eq!(buckets.must_wait(&'a', now), Some(seconds(20)));
        assert_eq!(buckets.must_wait(&'b', now), None);
        assert_eq!(buckets.must_wait(&'a', now + seconds(19)), Some(seconds(1)));
        assert_eq!(buckets.must_wait(&'a', now + seconds(20)), None);
        buckets.fill('a', now + seconds(20));
        assert_eq!(buckets.must_wait(&'a', now + seconds(20)), Some(seconds(20)));
        assert_eq!(buckets.must_wait(&'a', now + seconds(200)), None);
    }

    #[test]
    fn what_was_counted_in_vain_is_given_back() {
        let (mut buckets, now) = (Buckets::new(1, MINUTE, 10), Instant::now());
        buckets.fill('a', now);
        assert_eq!(buckets.must_wait(&'a', now), Some(MINUTE));
        buckets.give_back(&'a');
        assert_eq!(buckets.must_wait(&'a', now), None);
    }

    #[test]
    fn their_number_is_bounded_and_empty_ones_make_room() {
        let (mut buckets, now) = (Buckets::new(1, MINUTE, 2), Instant::now());
        for caller in ['a', 'b'] {
            assert!(buckets.has_room_for(&caller, now));
            buckets.fill(caller, now);
        }
        assert!(buckets.has_room_for(&'a', now) && !buckets.has_room_for(&'c', now));
        assert!(buckets.has_room_for(&'c', now + seconds(61)));
        assert_eq!(buckets.empty_at.len(), 0);
    }
}
