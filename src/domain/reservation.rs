//! Which engine is reserved for a suspect, and for how long.
//!
//! A suspect goes to an idle engine. Where every engine is always busy, one is reserved: it is given nothing, so that it is
//! idle once it has settled what it holds. With a long event it does not become idle in time, and its free capacity would be
//! wasted. So a reservation ends, and then the engine is given events again for at least as long; meanwhile another
//! one may be reserved. After a reservation in vain the next one is twice as long, so that a suspect gets its turn also where
//! events take minutes.
//!
//! Times are durations since a fixed moment of the caller's choice.

use std::time::Duration;

use super::ids::EngineId;

/// How long a reservation lasts, unless one before it was in vain.
pub const SHORTEST_RESERVATION: Duration = Duration::from_mins(1);
/// No reservation lasts longer. It is more than the default visibility timeout, in which most events are settled.
pub const LONGEST_RESERVATION: Duration = Duration::from_mins(8);
/// How long a reservation in vain makes the next one longer.
const REMEMBERED_FOR: Duration = Duration::from_hours(1);

/// The engines that may be reserved at some moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reservable {
    /// The engine that is reserved already: then no other one may be.
    pub reserved: Option<EngineId>,
    /// Engines whose reservation ended in vain, and that are now given events.
    pub resting: Vec<EngineId>,
}

impl Reservable {
    #[must_use]
    pub fn allows(&self, engine_id: EngineId) -> bool {
        self.reserved.map_or_else(|| !self.resting.contains(&engine_id), |reserved| reserved == engine_id)
    }
}

/// The reservations of one queue: one at a time, and those that ended in vain not long ago.
#[derive(Clone, Debug, Default)]
pub struct Reservations {
    /// The latest is the last.
    all: Vec<Reservation>,
}

#[derive(Clone, Copy, Debug)]
struct Reservation {
    engine_id: EngineId,
    began: Duration,
    lasts: Duration,
    /// The engine was given a suspect, and nothing has been kept from it since: it may be given the next one.
    is_fulfilled: bool,
}

impl Reservation {
    fn ends(&self) -> Duration {
        self.began + self.lasts
    }

    fn is_resting(&self, now: Duration) -> bool {
        !self.is_fulfilled && now >= self.ends() && now < self.ends() + self.lasts
    }

    fn is_remembered(&self, now: Duration) -> bool {
        now < self.ends() || (!self.is_fulfilled && now < self.ends() + REMEMBERED_FOR)
    }
}

impl Reservations {
    #[must_use]
    pub fn at(&self, now: Duration) -> Reservable {
        Reservable {
            reserved: self.current(now).map(|reservation| reservation.engine_id),
            resting: self.all.iter().filter(|one| one.is_resting(now)).map(|one| one.engine_id).collect(),
        }
    }

    fn current(&self, now: Duration) -> Option<&Reservation> {
        self.all.last().filter(|reservation| now < reservation.ends())
    }

    /// The engine was given nothing, since it is reserved; its reservation begins now if it had none.
    pub fn reserve(&mut self, engine_id: EngineId, now: Duration) {
        if let Some(current) = self.all.last_mut().filter(|last| last.engine_id == engine_id && now < last.ends()) {
            current.is_fulfilled = false;
            return;
        }
        self.all.retain(|reservation| reservation.is_remembered(now));
        let lasts = self.all.last().map_or(SHORTEST_RESERVATION, |in_vain| in_vain.lasts * 2).min(LONGEST_RESERVATION);
        self.all.push(Reservation { engine_id, began: now, lasts, is_fulfilled: false });
    }

    /// The engine was idle and was given a suspect. One that was reserved remains so: it is idle again soon, and where more
    /// suspects wait, another engine would first have to settle all that it holds.
    pub fn fulfil(&mut self, engine_id: EngineId, now: Duration) {
        let was_reserved = self.current(now).is_some_and(|reservation| reservation.engine_id == engine_id);
        self.all.retain(|reservation| reservation.engine_id != engine_id);
        if was_reserved {
            self.all.push(Reservation { engine_id, began: now, lasts: SHORTEST_RESERVATION, is_fulfilled: true });
        }
    }

    /// True if nothing has to be remembered any more.
    #[must_use]
    pub fn are_over(&self, now: Duration) -> bool {
        self.all.iter().all(|reservation| !reservation.is_remembered(now))
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

    /// What becomes of one busy engine that polls every second, in the given minutes: for how many of them it is reserved.
    fn minutes_reserved(reservations: &mut Reservations, of: std::ops::Range<u64>) -> u64 {
        let mut seconds = 0;
        for second in of.start * 60..of.end * 60 {
            let now = Duration::from_secs(second);
            if reservations.at(now).allows(ONE) {
                reservations.reserve(ONE, now);
                seconds += 1;
            }
        }
        seconds / 60
    }

    #[test]
    fn an_engine_that_does_not_become_idle_is_given_events_again_for_as_long_as_it_was_reserved() {
        let mut reservations = Reservations::default();
        assert_eq!(minutes_reserved(&mut reservations, 0..1), 1);
        assert_eq!(minutes_reserved(&mut reservations, 1..2), 0);
        assert_eq!(minutes_reserved(&mut reservations, 2..4), 2, "the next time for twice as long");
        assert_eq!(minutes_reserved(&mut reservations, 4..6), 0);
        assert!(minutes_reserved(&mut reservations, 6..24 * 60) <= 12 * 60, "half of a day");
    }

    #[test]
    fn no_reservation_is_longer_than_the_longest() {
        let mut reservations = Reservations::default();
        let (mut longest, mut current) = (0, 0);
        for second in 0..24 * 3600 {
            let now = Duration::from_secs(second);
            let is_reserved = reservations.at(now).allows(ONE);
            if is_reserved {
                reservations.reserve(ONE, now);
            }
            current = if is_reserved { current + 1 } else { 0 };
            longest = longest.max(current);
        }
        assert_eq!(longest, LONGEST_RESERVATION.as_secs());
    }

    #[test]
    fn one_engine_is_reserved_at_a_time_and_another_one_after_it() {
        let mut reservations = Reservations::default();
        reservations.reserve(ONE, minute(0));
        assert!(!reservations.at(Duration::from_secs(59)).allows(OTHER));
        let after = reservations.at(minute(1));
        assert!(after.allows(OTHER) && !after.allows(ONE));
        reservations.reserve(OTHER, minute(1));
        assert_eq!(reservations.at(minute(2)).reserved, Some(OTHER));
    }

    #[test]
    fn the_engine_that_was_given_the_suspect_remains_reserved_for_the_next_one() {
        let mut reservations = Reservations::default();
        reservations.reserve(ONE, minute(0));
        let given = Duration::from_secs(30);
        reservations.fulfil(ONE, given);
        assert_eq!(reservations.at(minute(1)).reserved, Some(ONE), "for a minute from then on");
        // Where no suspect came, nothing was kept from it: it need not rest.
        assert_eq!(reservations.at(given + minute(1)), Reservable::default());
        assert!(reservations.are_over(given + minute(1)));
    }

    #[test]
    fn a_reservation_that_was_fulfilled_once_can_be_in_vain_the_next_time() {
        let mut reservations = Reservations::default();
        reservations.reserve(ONE, minute(0));
        reservations.fulfil(ONE, Duration::from_secs(30));
        reservations.reserve(ONE, Duration::from_secs(40));
        let over = Duration::from_secs(90);
        assert_eq!(reservations.at(over).resting, [ONE], "it lasted a minute, as if it were the first");
    }

    #[test]
    fn an_engine_that_was_not_reserved_is_not_for_being_given_a_suspect() {
        let mut reservations = Reservations::default();
        reservations.fulfil(ONE, minute(0));
        assert_eq!(reservations.at(minute(0)), Reservable::default());
    }

    #[test]
    fn what_was_in_vain_is_forgotten_in_the_end() {
        let mut reservations = Reservations::default();
        reservations.reserve(ONE, minute(0));
        assert!(!reservations.are_over(minute(60)));
        assert!(reservations.are_over(minute(61)));
        reservations.reserve(OTHER, minute(61));
        assert_eq!(reservations.all.len(), 1);
    }
}
