//! Since when none of what an engine holds was leased: where counting its leases begins.
//!
//! Settled leases leave dead index entries, which stay for as long as any session holds an old snapshot.
//! Counted from the first one, an engine's leases would cost more with every event it ever had. The entries
//! are in the order of leasing, and what was leased before the oldest lease that still holds is gone for good.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::domain::ids::EngineId;

/// Counted from the front again so often, as a safeguard against a clock of the database that was put back.
const FORGET_AFTER: Duration = Duration::from_secs(30);
/// Engines that are remembered; of others everything is counted.
const MAX_ENGINES: usize = 100_000;

#[derive(Debug, Default)]
pub struct HeldSince {
    engines: Mutex<HashMap<EngineId, (DateTime<Utc>, Instant)>>,
}

impl HeldSince {
    fn lock(&self) -> MutexGuard<'_, HashMap<EngineId, (DateTime<Utc>, Instant)>> {
        self.engines.lock().expect("nothing panics while it holds this lock")
    }

    /// Where to begin counting.
    pub fn of(&self, engine_id: EngineId) -> DateTime<Utc> {
        match self.lock().get(&engine_id) {
            Some((since, noted)) if noted.elapsed() < FORGET_AFTER => *since,
            Some(_) | None => DateTime::UNIX_EPOCH,
        }
    }

    /// The engine's leases were counted under its lock, so that none was just being given: the oldest is of then.
    /// What was counted from an edge says nothing of before it, and does not make it any younger. A lease that was lost and
    /// comes back to life by a late report ends with that report.
    pub fn note(&self, engine_id: EngineId, since: DateTime<Utc>) {
        let mut engines = self.lock();
        if engines.len() >= MAX_ENGINES && !engines.contains_key(&engine_id) {
            engines.retain(|_, (_, noted)| noted.elapsed() < FORGET_AFTER);
        }
        if engines.len() < MAX_ENGINES {
            let now = Instant::now();
            let first_noted = engines.get(&engine_id).map_or(now, |(_, noted)| *noted);
            let noted = if first_noted.elapsed() < FORGET_AFTER { first_noted } else { now };
            engines.insert(engine_id, (since, noted));
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ENGINE: EngineId = EngineId(Uuid::from_u128(1));

    #[test]
    fn counting_begins_at_the_oldest_lease_and_at_the_front_where_that_is_not_known() {
        let held_since = HeldSince::default();
        assert_eq!(held_since.of(ENGINE), DateTime::UNIX_EPOCH);
        let then = DateTime::from_timestamp(1000, 0).expect("small");
        held_since.note(ENGINE, then);
        assert_eq!(held_since.of(ENGINE), then);
    }
}
