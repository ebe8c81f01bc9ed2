//! Where the reaper's scan for expired leases begins: behind what it has ended.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;

use super::pacing::Pace;

/// No transaction that gives or renews a lease commits so late; and if one does, a sweep finds it.
const MARGIN: TimeDelta = TimeDelta::seconds(5);
/// A sweep finds what committed later, and what was passed over because it was locked.
const SWEEPS: Pace = Pace { times: 20, at_least: Duration::from_secs(2), at_most: Duration::from_mins(1) };

/// The position of the scan for expired leases, and the time of its next sweep from the front.
#[derive(Debug, Default)]
pub struct ExpiringPosition(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    ended_until: DateTime<Utc>,
    next_sweep: Option<Instant>,
}

impl ExpiringPosition {
    /// Where a round begins.
    pub fn begin(&self, now: Instant) -> DateTime<Utc> {
        let state = self.0.lock();
        if state.next_sweep.is_some_and(|next| now < next) { state.ended_until } else { DateTime::UNIX_EPOCH }
    }

    /// Leases that expired before this have ended, apart from a few that the next sweep finds.
    pub fn ended_until(&self) -> DateTime<Utc> {
        self.0.lock().ended_until
    }

    /// A round that began at `since` has ended all leases that had expired `until` then; `None`: it did not end all.
    pub fn end(&self, began_at: Instant, since: DateTime<Utc>, until: Option<DateTime<Utc>>, now: Instant) {
        let mut state = self.0.lock();
        let Some(until) = until else {
            *state = State::default();
            return;
        };
        state.ended_until = until - MARGIN;
        if since == DateTime::UNIX_EPOCH {
            state.next_sweep = Some(SWEEPS.next(began_at, now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_begins_behind_the_last_one_and_at_the_front_after_one_that_did_not_end_all() {
        let (position, now) = (ExpiringPosition::default(), Instant::now());
        let until = DateTime::from_timestamp(1000, 0).expect("small");
        assert_eq!(position.begin(now), DateTime::UNIX_EPOCH);
        assert_eq!(position.ended_until(), DateTime::UNIX_EPOCH);
        position.end(now, DateTime::UNIX_EPOCH, Some(until), now);
        assert_eq!(position.ended_until(), until - MARGIN);
        assert_eq!(position.begin(now), until - MARGIN);
        assert_eq!(position.begin(now + SWEEPS.at_most), DateTime::UNIX_EPOCH);
        position.end(now, until - MARGIN, None, now);
        assert_eq!(position.begin(now), DateTime::UNIX_EPOCH);
    }
}
