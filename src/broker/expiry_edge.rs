//! Where the reaper's scan for expired leases begins: behind what it has swept, since settled leases leave dead index
//! entries that stay for as long as any session holds an old snapshot.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;

/// No transaction that gives or renews a lease commits so late; and if one does, a sweep finds it.
const MARGIN: TimeDelta = TimeDelta::seconds(5);
/// A sweep from the front finds what committed later, and what was passed over because somebody had locked it.
const SWEEP_EVERY: Duration = Duration::from_secs(2);
const SWEEP_AT_LEAST_EVERY: Duration = Duration::from_mins(1);
/// Sweeping takes at most about a twentieth of the time.
const SWEEP_SHARE: u32 = 20;

#[derive(Debug, Default)]
pub struct ExpiryEdge(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    swept_until: DateTime<Utc>,
    next_sweep: Option<Instant>,
}

impl ExpiryEdge {
    /// Where a round begins.
    pub fn begin(&self, now: Instant) -> DateTime<Utc> {
        let state = self.0.lock();
        if state.next_sweep.is_some_and(|next| now < next) { state.swept_until } else { DateTime::UNIX_EPOCH }
    }

    /// Leases that expired before this have ended, apart from a few that the next sweep finds.
    pub fn swept_until(&self) -> DateTime<Utc> {
        self.0.lock().swept_until
    }

    /// A round that began so has ended all leases that had expired `until` then; `None`: it did not end all of them.
    pub fn end(&self, began_at: Instant, since: DateTime<Utc>, until: Option<DateTime<Utc>>) {
        let mut state = self.0.lock();
        let Some(until) = until else {
            *state = State::default();
            return;
        };
        state.swept_until = until - MARGIN;
        if since == DateTime::UNIX_EPOCH {
            let took = began_at.elapsed();
            state.next_sweep = Some(Instant::now() + (took * SWEEP_SHARE).clamp(SWEEP_EVERY, SWEEP_AT_LEAST_EVERY));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_begins_behind_the_last_one_and_at_the_front_after_one_that_did_not_end_all() {
        let (edge, now) = (ExpiryEdge::default(), Instant::now());
        let until = DateTime::from_timestamp(1000, 0).expect("small");
        assert_eq!(edge.begin(now), DateTime::UNIX_EPOCH);
        assert_eq!(edge.swept_until(), DateTime::UNIX_EPOCH);
        edge.end(now, DateTime::UNIX_EPOCH, Some(until));
        assert_eq!(edge.swept_until(), until - MARGIN);
        assert_eq!(edge.begin(now), until - MARGIN);
        assert_eq!(edge.begin(now + SWEEP_AT_LEAST_EVERY), DateTime::UNIX_EPOCH);
        edge.end(now, until - MARGIN, None);
        assert_eq!(edge.begin(now), DateTime::UNIX_EPOCH);
    }
}
