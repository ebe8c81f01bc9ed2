//! Which engine is reserved for an isolated suspect, and for how long.
//!
//! An isolated suspect goes to an idle engine. Where every engine is always busy, one is made exclusive: it is given nothing, so that it is
//! idle once it has settled what it holds. With a long event it does not become idle in time, and its free capacity would be
//! wasted. So exclusivity ends, and then the engine is given events again for at least as long; meanwhile another
//! one may be exclusive. After one in vain the next one is twice as long, so that a suspect gets its turn also where
//! events take minutes.
//!
//! Times are durations since a fixed moment of the caller's choice.

use std::time::Duration;

use super::ids::EngineId;

/// How long an engine is exclusive, unless the time before was in vain.
const SHORTEST: Duration = Duration::from_mins(1);
/// No engine is exclusive for longer. It is more than the default visibility timeout, in which most events are settled.
const LONGEST: Duration = Duration::from_mins(8);
/// How long a time in vain makes the next one longer.
const REMEMBERED_FOR: Duration = Duration::from_hours(1);

/// The engines that may be made exclusive at some moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Eligible {
    /// The engine that is exclusive already: then no other one may be.
    pub exclusive: Option<EngineId>,
    /// Engines whose exclusivity ended in vain, and that are now given events.
    pub resting: Vec<EngineId>,
}

impl Eligible {
    /// True if this engine may be made exclusive, or is exclusive already.
    #[must_use]
    pub fn allows(&self, engine_id: EngineId) -> bool {
        self.exclusive.map_or_else(|| !self.resting.contains(&engine_id), |exclusive| exclusive == engine_id)
    }
}

/// The exclusive engines of one queue: one at a time, and those that were exclusive in vain not long ago.
#[derive(Clone, Debug, Default)]
pub struct ExclusiveEnginesOfQueue {
    /// The latest is the last.
    all: Vec<Exclusivity>,
}

#[derive(Clone, Copy, Debug)]
struct Exclusivity {
    engine_id: EngineId,
    began: Duration,
    lasts: Duration,
    /// The engine was given a suspect, and nothing has been kept from it since: it may be given the next one.
    has_served: bool,
}

impl Exclusivity {
    fn ends(&self) -> Duration {
        self.began + self.lasts
    }

    fn is_resting(&self, now: Duration) -> bool {
        !self.has_served && now >= self.ends() && now < self.ends() + self.lasts
    }

    fn is_remembered(&self, now: Duration) -> bool {
        now < self.ends() || (!self.has_served && now < self.ends() + REMEMBERED_FOR)
    }
}

impl ExclusiveEnginesOfQueue {
    /// The engines that may be made exclusive at `now`.
    #[must_use]
    pub fn at(&self, now: Duration) -> Eligible {
        Eligible {
            exclusive: self.current(now).map(|exclusivity| exclusivity.engine_id),
            resting: self.all.iter().filter(|one| one.is_resting(now)).map(|one| one.engine_id).collect(),
        }
    }

    fn current(&self, now: Duration) -> Option<&Exclusivity> {
        self.all.last().filter(|exclusivity| now < exclusivity.ends())
    }

    /// The engine was given nothing, since it is exclusive, from now on if it was not before.
    pub fn make_exclusive(&mut self, engine_id: EngineId, now: Duration) {
        if let Some(current) = self.all.last_mut().filter(|last| last.engine_id == engine_id && now < last.ends()) {
            current.has_served = false;
            return;
        }
        self.all.retain(|exclusivity| exclusivity.is_remembered(now));
        let lasts = self.all.last().map_or(SHORTEST, |in_vain| in_vain.lasts * 2).min(LONGEST);
        self.all.push(Exclusivity { engine_id, began: now, lasts, has_served: false });
    }

    /// The engine was idle and was given a suspect. One that was exclusive remains so: it is idle again soon, and where more
    /// suspects wait, another engine would first have to settle all that it holds.
    pub fn given_suspect(&mut self, engine_id: EngineId, now: Duration) {
        let was_exclusive = self.current(now).is_some_and(|exclusivity| exclusivity.engine_id == engine_id);
        self.all.retain(|exclusivity| exclusivity.engine_id != engine_id);
        if was_exclusive {
            self.all.push(Exclusivity { engine_id, began: now, lasts: SHORTEST, has_served: true });
        }
    }

    /// True if nothing has to be remembered any more.
    #[must_use]
    pub fn are_over(&self, now: Duration) -> bool {
        self.all.iter().all(|exclusivity| !exclusivity.is_remembered(now))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ONE: EngineId = EngineId(Uuid::from_u128(1));
    const OTHER: EngineId = EngineId(Uuid::from_u128(2));

    fn minute(minutes: u64) -> Duration {
        Duration::from_mins(minutes)
    }

    /// What becomes of one busy engine that polls every second, in the given minutes: for how many of them it is exclusive.
    fn minutes_exclusive(engines: &mut ExclusiveEnginesOfQueue, of: std::ops::Range<u64>) -> u64 {
        let mut seconds = 0;
        for second in of.start * 60..of.end * 60 {
            let now = Duration::from_secs(second);
            if engines.at(now).allows(ONE) {
                engines.make_exclusive(ONE, now);
                seconds += 1;
            }
        }
        seconds / 60
    }

    #[test]
    fn an_engine_that_does_not_become_idle_is_given_events_again_for_as_long_as_it_was_exclusive() {
        let mut engines = ExclusiveEnginesOfQueue::default();
        assert_eq!(minutes_exclusive(&mut engines, 0..1), 1);
        assert_eq!(minutes_exclusive(&mut engines, 1..2), 0);
        assert_eq!(minutes_exclusive(&mut engines, 2..4), 2, "the next time for twice as long");
        assert_eq!(minutes_exclusive(&mut engines, 4..6), 0);
        assert!(minutes_exclusive(&mut engines, 6..24 * 60) <= 12 * 60, "half of a day");
    }

    #[test]
    fn no_engine_is_exclusive_for_longer_than_the_longest_time() {
        let mut engines = ExclusiveEnginesOfQueue::default();
        let (mut longest, mut current) = (0, 0);
        for second in 0..24 * 3600 {
            let now = Duration::from_secs(second);
            let is_exclusive = engines.at(now).allows(ONE);
            if is_exclusive {
                engines.make_exclusive(ONE, now);
            }
            current = if is_exclusive { current + 1 } else { 0 };
            longest = longest.max(current);
        }
        assert_eq!(longest, LONGEST.as_secs());
    }

    #[test]
    fn one_engine_is_exclusive_at_a_time_and_another_one_after_it() {
        let mut engines = ExclusiveEnginesOfQueue::default();
        engines.make_exclusive(ONE, minute(0));
        assert!(!engines.at(Duration::from_secs(59)).allows(OTHER));
        let after = engines.at(minute(1));
        assert!(after.allows(OTHER) && !after.allows(ONE));
        engines.make_exclusive(OTHER, minute(1));
        assert_eq!(engines.at(minute(2)).exclusive, Some(OTHER));
    }

    #[test]
    fn the_engine_that_was_given_the_suspect_remains_exclusive_for_the_next_one() {
        let mut engines = ExclusiveEnginesOfQueue::default();
        engines.make_exclusive(ONE, minute(0));
        let given = Duration::from_secs(30);
        engines.given_suspect(ONE, given);
        assert_eq!(engines.at(minute(1)).exclusive, Some(ONE), "for a minute from then on");
        // Where no suspect came, nothing was kept from it: it need not rest.
        assert_eq!(engines.at(given + minute(1)), Eligible::default());
        assert!(engines.are_over(given + minute(1)));
    }

    #[test]
    fn an_engine_that_was_given_a_suspect_once_can_be_exclusive_in_vain_the_next_time() {
        let mut engines = ExclusiveEnginesOfQueue::default();
        engines.make_exclusive(ONE, minute(0));
        engines.given_suspect(ONE, Duration::from_secs(30));
        engines.make_exclusive(ONE, Duration::from_secs(40));
        let over = Duration::from_secs(90);
        assert_eq!(engines.at(over).resting, [ONE], "it lasted a minute, as if it were the first");
    }

    #[test]
    fn an_engine_does_not_become_exclusive_by_being_given_a_suspect() {
        let mut engines = ExclusiveEnginesOfQueue::default();
        engines.given_suspect(ONE, minute(0));
        assert_eq!(engines.at(minute(0)), Eligible::default());
    }

    #[test]
    fn what_was_in_vain_is_forgotten_in_the_end() {
        let mut engines = ExclusiveEnginesOfQueue::default();
        engines.make_exclusive(ONE, minute(0));
        assert!(!engines.are_over(minute(60)));
        assert!(engines.are_over(minute(61)));
        engines.make_exclusive(OTHER, minute(61));
        assert_eq!(engines.all.len(), 1);
    }
}
