//! Where counting what an engine holds begins.
//!
//! Leases are given under the engine's lock only, under which they are counted as well, and their index entries are in the
//! order of leasing. So of what was leased before the last count, an engine holds at most what that count found.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;

use super::pacing::make_room;
use crate::domain::ids::EngineId;
use crate::store::leases::{CountFrom, Held};

/// After this, an engine is counted from the front again, in case the database's clock was put back.
const FORGET_AFTER: Duration = Duration::from_mins(2);
/// A clock may be put back by so much unnoticed.
const MARGIN: TimeDelta = TimeDelta::seconds(1);
/// Engines that are remembered; of others everything is counted.
const MAX_ENGINES: usize = 100_000;
/// Leases that are remembered of one engine. Of one with more, all since the oldest are counted.
const MAX_KNOWN: usize = 32;

/// What was last counted of each engine.
#[derive(Debug, Default)]
pub struct HeldPositions {
    engines: Mutex<HashMap<EngineId, Remembered>>,
}

#[derive(Debug)]
struct Remembered {
    oldest: DateTime<Utc>,
    count_from: CountFrom,
    /// When this or a count before it began at the front.
    noted: Instant,
}

impl Remembered {
    fn is_good(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.noted) < FORGET_AFTER
    }
}

impl HeldPositions {
    fn read<T>(&self, engine_id: EngineId, now: Instant, read: impl FnOnce(&Remembered) -> T) -> Option<T> {
        self.engines.lock().get(&engine_id).filter(|remembered| remembered.is_good(now)).map(read)
    }

    /// Nothing that the engine holds was leased before.
    pub fn oldest(&self, engine_id: EngineId, now: Instant) -> DateTime<Utc> {
        self.read(engine_id, now, |remembered| remembered.oldest).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// What there is to read to count all that the engine holds.
    pub fn count_from(&self, engine_id: EngineId, now: Instant) -> CountFrom {
        self.read(engine_id, now, |remembered| remembered.count_from.clone()).unwrap_or_default()
    }

    /// The engine's leases were counted under its lock. A lease that was lost and comes back to life by a late report
    /// is not among them, but ends with that report.
    pub fn note(&self, engine_id: EngineId, held: &Held, now: Instant) {
        let mut engines = self.engines.lock();
        if !make_room(&mut engines, &engine_id, MAX_ENGINES, |remembered| remembered.is_good(now)) {
            return;
        }
        let noted = engines.get(&engine_id).filter(|known| known.is_good(now)).map_or(now, |known| known.noted);
        let count_from = if held.event_ids.len() <= MAX_KNOWN {
            CountFrom { since: held.counted_at - MARGIN, known: held.event_ids.clone() }
        } else {
            CountFrom { since: held.since, known: Vec::new() }
        };
        engines.insert(engine_id, Remembered { oldest: held.since, count_from, noted });
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::EventId;
    use crate::domain::lane::Lane;

    const ENGINE: EngineId = EngineId(Uuid::from_u128(1));

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).expect("small")
    }

    fn held(leases: u32) -> Held {
        Held {
            highest_lane: Lane::Normal,
            poll_ids: Vec::new(),
            event_ids: (0..leases).map(|number| EventId(Uuid::from_u128(number.into()))).collect(),
            since: at(1000),
            counted_at: at(2000),
        }
    }

    #[test]
    fn of_an_engine_that_is_not_known_everything_is_counted() {
        let (positions, now) = (HeldPositions::default(), Instant::now());
        assert_eq!(positions.oldest(ENGINE, now), DateTime::UNIX_EPOCH);
        assert_eq!(positions.count_from(ENGINE, now), CountFrom::default());
    }

    #[test]
    fn after_a_count_there_is_what_it_found_and_what_is_leased_since() {
        let (positions, now) = (HeldPositions::default(), Instant::now());
        positions.note(ENGINE, &held(2), now);
        assert_eq!(positions.oldest(ENGINE, now), at(1000));
        assert_eq!(positions.count_from(ENGINE, now), CountFrom { since: at(2000) - MARGIN, known: held(2).event_ids });
    }

    #[test]
    fn of_an_engine_with_very_many_leases_all_since_the_oldest_are_counted() {
        let (positions, now) = (HeldPositions::default(), Instant::now());
        positions.note(ENGINE, &held(1000), now);
        assert_eq!(positions.count_from(ENGINE, now), CountFrom { since: at(1000), known: Vec::new() });
    }

    #[test]
    fn after_a_while_everything_is_counted_again_however_often_it_was_counted_since() {
        let (positions, now) = (HeldPositions::default(), Instant::now());
        positions.note(ENGINE, &held(2), now);
        positions.note(ENGINE, &held(2), now + FORGET_AFTER / 2);
        assert_eq!(positions.count_from(ENGINE, now + FORGET_AFTER), CountFrom::default());
    }
}
