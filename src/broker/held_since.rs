//! Where counting what an engine holds begins.
//!
//! Settled leases leave dead index entries, which stay for as long as any session holds an old snapshot. Counted from
//! the first one, an engine's leases would cost more with every event it ever had. The entries are in the order of
//! leasing, and leases are only given under the engine's lock, under which they are counted: so of what was leased
//! before the last count nothing can hold but what it found.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::{Mutex, MutexGuard};

use crate::domain::ids::EngineId;
use crate::store::leases::{CountFrom, Held};

/// Counted from the front again so often, as a safeguard against a clock of the database that was put back.
const FORGET_AFTER: Duration = Duration::from_mins(2);
/// A clock may be put back by so much unnoticed.
const MARGIN: TimeDelta = TimeDelta::seconds(1);
/// Engines that are remembered; of others everything is counted.
const MAX_ENGINES: usize = 100_000;
/// Leases that are remembered of one engine. Of one with more, all since the oldest are counted.
const MAX_KNOWN: usize = 32;

#[derive(Debug, Default)]
pub struct HeldSince {
    engines: Mutex<HashMap<EngineId, Remembered>>,
}

#[derive(Debug)]
struct Remembered {
    oldest: DateTime<Utc>,
    count_from: CountFrom,
    noted: Instant,
}

impl HeldSince {
    fn lock(&self) -> MutexGuard<'_, HashMap<EngineId, Remembered>> {
        self.engines.lock()
    }

    fn recall<T>(&self, engine_id: EngineId, tell: impl FnOnce(&Remembered) -> T) -> Option<T> {
        self.lock().get(&engine_id).filter(|remembered| remembered.noted.elapsed() < FORGET_AFTER).map(tell)
    }

    /// Nothing that the engine holds was leased before.
    pub fn of(&self, engine_id: EngineId) -> DateTime<Utc> {
        self.recall(engine_id, |remembered| remembered.oldest).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// What there is to look at to count all that the engine holds.
    pub fn count_from(&self, engine_id: EngineId) -> CountFrom {
        self.recall(engine_id, |remembered| remembered.count_from.clone()).unwrap_or_default()
    }

    /// The engine's leases were counted under its lock. A lease that was lost and comes back to life by a late report
    /// is not among them, but ends with that report.
    pub fn note(&self, engine_id: EngineId, held: &Held) {
        let mut engines = self.lock();
        if engines.len() >= MAX_ENGINES && !engines.contains_key(&engine_id) {
            engines.retain(|_, remembered| remembered.noted.elapsed() < FORGET_AFTER);
        }
        if engines.len() < MAX_ENGINES || engines.contains_key(&engine_id) {
            let now = Instant::now();
            let first_noted = engines.get(&engine_id).map_or(now, |remembered| remembered.noted);
            let noted = if first_noted.elapsed() < FORGET_AFTER { first_noted } else { now };
            let count_from = if held.event_ids.len() <= MAX_KNOWN {
                CountFrom { since: held.counted_at - MARGIN, known: held.event_ids.clone() }
            } else {
                CountFrom { since: held.since, known: Vec::new() }
            };
            engines.insert(engine_id, Remembered { oldest: held.since, count_from, noted });
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::EventId;

    const ENGINE: EngineId = EngineId(Uuid::from_u128(1));

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).expect("small")
    }

    fn held(leases: u32) -> Held {
        Held {
            has_suspect: false,
            poll_ids: Vec::new(),
            event_ids: (0..leases).map(|number| EventId(Uuid::from_u128(number.into()))).collect(),
            since: at(1000),
            counted_at: at(2000),
        }
    }

    #[test]
    fn of_an_engine_that_is_not_known_everything_is_counted() {
        let held_since = HeldSince::default();
        assert_eq!(held_since.of(ENGINE), DateTime::UNIX_EPOCH);
        assert_eq!(held_since.count_from(ENGINE), CountFrom::default());
    }

    #[test]
    fn after_a_count_there_is_what_it_found_and_what_is_leased_since() {
        let held_since = HeldSince::default();
        held_since.note(ENGINE, &held(2));
        assert_eq!(held_since.of(ENGINE), at(1000));
        assert_eq!(held_since.count_from(ENGINE), CountFrom { since: at(2000) - MARGIN, known: held(2).event_ids });
    }

    #[test]
    fn of_an_engine_with_very_many_leases_all_since_the_oldest_are_counted() {
        let held_since = HeldSince::default();
        held_since.note(ENGINE, &held(1000));
        assert_eq!(held_since.count_from(ENGINE), CountFrom { since: at(1000), known: Vec::new() });
    }
}
