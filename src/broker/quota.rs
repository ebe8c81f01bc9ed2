//! How many new queues, or new engines, one caller may make in an hour. Counted by each server for itself, in memory.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};

use crate::domain::buckets::Buckets;
use crate::domain::requester::Requester;

const WINDOW: Duration = Duration::from_hours(1);
/// About a megabyte. While more callers than that make something new, the others share one quota.
const MAX_REQUESTERS: usize = 10_000;

/// Limits how many new queues or engines each caller makes in an hour.
#[derive(Debug)]
pub struct Quota {
    /// How many one caller may make in an hour.
    pub most: u32,
    buckets: Mutex<Buckets<Requester>>,
}

impl Quota {
    /// Each caller may make `most` in an hour, and one more whenever that part of the hour has passed.
    pub fn per_hour(most: u32) -> Arc<Self> {
        Arc::new(Self { most, buckets: Mutex::new(Buckets::new(most, WINDOW, MAX_REQUESTERS)) })
    }

    fn buckets(&self) -> MutexGuard<'_, Buckets<Requester>> {
        self.buckets.lock()
    }

    /// Counts one that is about to be made; or how long its requester has to wait.
    pub fn reserve(self: &Arc<Self>, requester: Requester) -> Result<Reservation, Duration> {
        let (mut buckets, now) = (self.buckets(), Instant::now());
        let counted = if buckets.has_room_for(&requester, now) { requester } else { Requester::Unknown };
        if let Some(wait) = buckets.must_wait(&counted, now) {
            return Err(wait);
        }
        buckets.fill(counted, now);
        drop(buckets);
        Ok(Reservation { quota: Arc::clone(self), counted, is_kept: false })
    }
}

/// One that is about to be made. It is given back where it is not kept, as after a transaction that failed.
#[derive(Debug)]
#[must_use]
pub struct Reservation {
    quota: Arc<Quota>,
    counted: Requester,
    is_kept: bool,
}

impl Reservation {
    /// It was made: the transaction has committed.
    pub fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.is_kept {
            self.quota.buckets().give_back(&self.counted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tokens::TokenId;

    #[test]
    fn only_what_was_made_counts_and_each_requester_for_itself() {
        let quota = Quota::per_hour(2);
        let [one, other] = [1, 2].map(|number| Requester::Token(TokenId(uuid::Uuid::from_u128(number))));
        for _ in 0..5 {
            drop(quota.reserve(one).expect("given back each time"));
        }
        quota.reserve(one).expect("the first").keep();
        let second = quota.reserve(one).expect("the second");
        let wait = quota.reserve(one).expect_err("one too many");
        assert!(wait > Duration::from_secs(1790) && wait <= Duration::from_mins(30), "{wait:?}");
        quota.reserve(other).expect("another's").keep();
        drop(second);
        quota.reserve(one).expect("the second again").keep();
    }
}
