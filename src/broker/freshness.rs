//! For how long the gauges that were read from the database are shown.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Readings of the database are shown for this long at least: several rounds of the task that makes them.
const SHOWN_FOR: Duration = Duration::from_secs(30);
/// The pause after long rounds is ten times as long as a round, so their readings are shown for longer.
const SHOWN_FOR_ROUNDS: u32 = 20;

/// Until when the readings of the database are shown.
#[derive(Debug, Default)]
pub struct Freshness {
    good_until: Mutex<Option<Instant>>,
}

impl Freshness {
    /// Notes that the gauges were read, from `began` until `now`.
    pub fn note(&self, began: Instant, now: Instant) {
        let took = now.duration_since(began);
        *self.good_until.lock() = Some(now + (took * SHOWN_FOR_ROUNDS).max(SHOWN_FOR));
    }

    /// True before the first reading, and when the last one is too old to be shown.
    pub fn is_over(&self, now: Instant) -> bool {
        self.good_until.lock().is_none_or(|until| until < now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_are_shown_for_some_rounds_and_longer_after_a_long_one() {
        let (freshness, began) = (Freshness::default(), Instant::now());
        assert!(freshness.is_over(began), "nothing was read yet");
        freshness.note(began, began);
        assert!(!freshness.is_over(began + SHOWN_FOR));
        assert!(freshness.is_over(began + SHOWN_FOR + Duration::from_millis(1)));
        let took = Duration::from_secs(3);
        freshness.note(began, began + took);
        assert!(!freshness.is_over(began + took * 12), "the next round begins no later than this");
        assert!(freshness.is_over(began + took * 22));
    }
}
