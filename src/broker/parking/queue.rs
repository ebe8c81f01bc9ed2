//! The parked polls of one queue, by their numbers, and what is known of the queue.

use std::collections::BTreeSet;

use tokio::time::Instant;

/// More events than anybody counted.
pub const MANY: usize = usize::MAX;

#[derive(Debug, Default)]
pub struct Queue {
    /// To be looked for whatever is known of the queue.
    pub eager: BTreeSet<u64>,
    /// To be looked for when there are events.
    pub patient: BTreeSet<u64>,
    /// May take nothing for now.
    pub blocked: BTreeSet<u64>,
    /// How many events there may be that nobody looks for yet.
    pub hint: usize,
    pub looks: usize,
    pub is_hot: bool,
    /// When it was last seen to have nothing for anybody.
    pub seen_empty_at: Option<Instant>,
    pub next_due: Option<Instant>,
    /// When the next event becomes due is not known any more.
    pub is_peek_wanted: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    Eager,
    Patient,
    Blocked,
}

/// What a look came upon.
#[derive(Clone, Copy, Default, Debug)]
pub struct Found {
    /// How many events its polls could take.
    pub wanted: usize,
    pub taken: usize,
    /// There are others that none of its polls could take, but somebody else might.
    pub has_left: bool,
    /// There may be more, which it did not look at.
    pub is_cut: bool,
}

impl Queue {
    pub fn put(&mut self, number: u64, place: Place) {
        match place {
            Place::Eager => self.eager.insert(number),
            Place::Patient => self.patient.insert(number),
            Place::Blocked => self.blocked.insert(number),
        };
    }

    pub fn remove(&mut self, number: u64) {
        let _ = self.eager.remove(&number) || self.patient.remove(&number) || self.blocked.remove(&number);
    }

    pub fn make_all_eager(&mut self) {
        self.eager.append(&mut self.patient);
        self.eager.append(&mut self.blocked);
        self.seen_empty_at = None;
    }

    pub fn is_look_wanted(&self) -> bool {
        !self.eager.is_empty() || (self.hint > 0 && !self.patient.is_empty())
    }

    pub fn is_forgettable(&self) -> bool {
        self.eager.is_empty() && self.patient.is_empty() && self.blocked.is_empty() && self.looks == 0
    }

    /// Takes those out that one look is for, the oldest first: all that are eager, and of the patient ones as many as
    /// there may be events for; at least one, and no more than want `max_rows` together. With them, how many of the
    /// events hinted at they are to look for, and how many they want.
    pub fn take(&mut self, max_rows: usize, limit_of: impl Fn(u64) -> usize) -> (Vec<u64>, usize, usize) {
        let (mut numbers, mut wanted) = (Vec::new(), 0_usize);
        let eager = self.eager.iter().map(|&number| (number, true));
        for (number, is_eager) in eager.chain(self.patient.iter().map(|&number| (number, false))) {
            let limit = limit_of(number);
            let is_enough = !is_eager && wanted >= self.hint;
            if is_enough || (!numbers.is_empty() && wanted.saturating_add(limit) > max_rows) {
                break;
            }
            wanted = wanted.saturating_add(limit);
            numbers.push(number);
        }
        for number in &numbers {
            self.remove(*number);
        }
        numbers.sort_unstable();
        let reserved = if self.hint == MANY { MANY } else { self.hint.min(wanted) };
        self.hint -= reserved;
        (numbers, reserved, wanted)
    }

    /// A look has ended that was to find `reserved` of the events hinted at.
    pub fn note(&mut self, began_at: Instant, reserved: usize, found: Found) {
        let Found { wanted, taken, has_left, is_cut } = found;
        if wanted == 0 {
            // Nobody could take anything, so nothing was looked at.
            self.hint = self.hint.saturating_add(reserved);
        } else if taken == 0 || (taken < wanted && !is_cut) {
            self.seen_empty_at = (!has_left).then_some(began_at);
            if taken > 0 && has_left {
                // For others, if not for these.
                self.hint = self.hint.max(1);
            }
        } else if reserved == MANY || taken > reserved || is_cut {
            self.hint = MANY;
        } else {
            // All that was known of was taken; there may be something that nobody knows of.
            self.hint = self.hint.max(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(eager: &[u64], patient: &[u64], hint: usize) -> Queue {
        let (eager, patient) = (eager.iter().copied().collect(), patient.iter().copied().collect());
        Queue { eager, patient, hint, ..Queue::default() }
    }

    #[test]
    fn a_look_is_for_as_many_as_there_are_events() {
        let mut queue = queue(&[], &[1, 2, 3, 4], 4);
        assert_eq!(queue.take(100, |_| 3), (vec![1, 2], 4, 6));
        assert_eq!(queue.hint, 0);
        assert!(!queue.is_look_wanted());
    }

    #[test]
    fn the_eager_are_looked_for_without_a_hint_and_do_not_overtake() {
        let mut queue = queue(&[5], &[1, 2], 4);
        assert_eq!(queue.take(100, |_| 3).0, [1, 5]);
        assert_eq!(queue.take(100, |_| 3).0, [0_u64; 0]);
    }

    #[test]
    fn a_look_stays_within_its_rows_but_serves_one_at_least() {
        assert_eq!(queue(&[], &[1, 2, 3], MANY).take(6, |_| 3).0, [1, 2]);
        assert_eq!(queue(&[], &[1, 2, 3], MANY).take(2, |_| 3).0, [1]);
    }

    #[test]
    fn what_lands_during_a_look_is_not_forgotten_when_it_ends_empty() {
        let mut queue = queue(&[], &[1], MANY);
        let (_, reserved, wanted) = queue.take(100, |_| 3);
        queue.hint += 1;
        queue.note(Instant::now(), reserved, Found { wanted, ..Found::default() });
        assert_eq!(queue.hint, 1);
    }

    #[test]
    fn a_look_that_finds_more_than_was_known_of_says_that_there_are_many() {
        let mut queue = queue(&[1], &[], 0);
        let (_, reserved, wanted) = queue.take(100, |_| 3);
        queue.note(Instant::now(), reserved, Found { wanted, taken: 3, ..Found::default() });
        assert_eq!(queue.hint, MANY);
    }

    #[test]
    fn events_that_nobody_could_take_are_still_there() {
        let mut queue = queue(&[], &[1], 2);
        let (_, reserved, _) = queue.take(100, |_| 3);
        queue.note(Instant::now(), reserved, Found::default());
        assert_eq!(queue.hint, 2);
    }
}
