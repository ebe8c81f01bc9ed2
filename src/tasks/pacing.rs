//! The pause of tasks whose rounds may be expensive: the longer a round takes, the longer the pause after it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The pause after a round, in multiples of the time that the round took.
const REST: u32 = 50;

/// Keeps a task's share of the database's time small.
#[derive(Debug)]
pub struct Pacing {
    at_least: Duration,
    took_ms: AtomicU64,
}

impl Pacing {
    /// A pause of `at_least` this long.
    pub const fn new(at_least: Duration) -> Self {
        Self { at_least, took_ms: AtomicU64::new(0) }
    }

    /// The pause after the last round.
    pub fn interval(&self) -> Duration {
        let took = Duration::from_millis(self.took_ms.load(Ordering::Relaxed));
        (took * REST).max(self.at_least)
    }

    /// Measures a round until the result is dropped, so that a round which fails or is given up counts too.
    pub fn measure(&self) -> Measured<'_> {
        Measured { pacing: self, began: Instant::now() }
    }
}

#[must_use]
pub struct Measured<'a> {
    pacing: &'a Pacing,
    began: Instant,
}

impl Drop for Measured<'_> {
    fn drop(&mut self) {
        let took = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.pacing.took_ms.store(took, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_after_a_long_round_is_long_and_after_a_short_one_the_least() {
        let (pacing, least) = (Pacing::new(Duration::from_secs(10)), Duration::from_secs(10));
        assert_eq!(pacing.interval(), least);
        let took = Duration::from_secs(3);
        let began = Instant::now().checked_sub(took).expect("the machine runs for seconds");
        drop(Measured { pacing: &pacing, began });
        assert!(pacing.interval() >= took * REST, "{:?}", pacing.interval());
        drop(Measured { pacing: &pacing, began: Instant::now() });
        assert_eq!(pacing.interval(), least);
    }
}
