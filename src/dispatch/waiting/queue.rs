//! The waiting polls of one queue, by their numbers, and what is known of the queue.

use std::collections::BTreeSet;

use tokio::time::Instant;

/// The polls that wait for one queue, and what is known of it.
#[derive(Debug, Default)]
pub struct PollsOfQueue {
    /// To be served whatever is known of the queue.
    pub must_query: BTreeSet<u64>,
    /// To be served when there are events.
    pub waits_for_hint: BTreeSet<u64>,
    /// Cannot take any for now.
    pub cannot_take: BTreeSet<u64>,
    /// Events that no claim is looking for yet.
    pub known_due: DueCount,
    /// Claims that serve its polls just now.
    pub claims_under_way: usize,
    /// It is among the ready queues.
    pub is_ready: bool,
    /// When the claim began that left events, since its polls could not take them beside what their engines held; until a
    /// later check finds nothing due.
    pub left_at: Option<Instant>,
    /// When it was last seen to have nothing for any poll.
    pub seen_empty_at: Option<Instant>,
    /// When the next event becomes due, as far as that is soon and known.
    pub next_due: Option<Instant>,
    /// When the next event becomes due is not known any more.
    pub is_check_wanted: bool,
    /// How often something changed for all that wait for it.
    pub generation: u64,
    /// One more event may be processed, and no waiting poll had found the queue full.
    pub has_free_place: bool,
}

/// How many events are due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum DueCount {
    /// Exactly this many.
    Known(usize),
    /// Some, and nobody has counted them.
    Unknown,
}

impl Default for DueCount {
    fn default() -> Self {
        Self::NONE
    }
}

impl DueCount {
    /// No event is due.
    pub const NONE: Self = Self::Known(0);

    const fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Known(one), Self::Known(other)) => Self::Known(one.saturating_add(other)),
            (Self::Unknown, Self::Known(_) | Self::Unknown) | (Self::Known(_), Self::Unknown) => Self::Unknown,
        }
    }

    /// Takes as many as are wanted, as far as they are there; of an unknown number, all.
    fn take(&mut self, wanted: usize) -> Self {
        let taken = match *self {
            Self::Known(known) => Self::Known(known.min(wanted)),
            Self::Unknown => Self::Unknown,
        };
        *self = match (*self, taken) {
            (Self::Known(known), Self::Known(taken)) => Self::Known(known - taken),
            (Self::Unknown, Self::Known(_) | Self::Unknown) | (Self::Known(_), Self::Unknown) => Self::NONE,
        };
        taken
    }
}

/// When a poll is served.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PollState {
    /// At once, whatever is known of the queue.
    MustQuery,
    /// When events are known to be due.
    WaitsForHint,
    /// Not before something changes: its queue is paused, or its engine full.
    CannotTake,
}

/// What a claim found.
#[derive(Clone, Copy, Default, Debug)]
pub struct ClaimCounts {
    /// How many events its polls could take.
    pub wanted: usize,
    /// How many events they got.
    pub taken: usize,
    /// There are others that none of its polls could take, but others' polls might.
    pub has_left: bool,
    /// There may be more, which it did not scan.
    pub is_cut: bool,
}

impl PollsOfQueue {
    /// Adds a poll, which is in none of the sets.
    pub fn put(&mut self, number: u64, poll_state: PollState) {
        match poll_state {
            PollState::MustQuery => self.must_query.insert(number),
            PollState::WaitsForHint => self.waits_for_hint.insert(number),
            PollState::CannotTake => self.cannot_take.insert(number),
        };
    }

    /// Takes a poll out, in whatever state it is.
    pub fn remove(&mut self, number: u64) {
        let _ =
            self.must_query.remove(&number) || self.waits_for_hint.remove(&number) || self.cannot_take.remove(&number);
    }

    /// Has each poll find out for itself.
    pub fn make_all_query(&mut self) {
        self.must_query.append(&mut self.waits_for_hint);
        self.must_query.append(&mut self.cannot_take);
        self.seen_empty_at = None;
        self.generation += 1;
    }

    /// More events are due than was known.
    pub fn add_due(&mut self, due: DueCount) {
        self.known_due = self.known_due.plus(due);
    }

    /// True if one of its polls is to be served now.
    pub fn is_claim_wanted(&self) -> bool {
        !self.must_query.is_empty() || (self.known_due > DueCount::NONE && !self.waits_for_hint.is_empty())
    }

    /// True if no poll waits, no claim is under way, and what is known is of no use to a later poll.
    pub fn is_forgettable(&self) -> bool {
        self.must_query.is_empty()
            && self.waits_for_hint.is_empty()
            && self.cannot_take.is_empty()
            && self.claims_under_way == 0
    }

    /// Takes those out that one claim serves, the oldest first: all that must query, and of those that wait for a hint as
    /// many as there may be events for; at least one, and no more than want `max_rows` together. With them, how many of the
    /// known events the claim is to find, and how many its polls want.
    pub fn take(&mut self, max_rows: usize, limit_of: impl Fn(u64) -> usize) -> (Vec<u64>, DueCount, usize) {
        let (mut numbers, mut wanted) = (Vec::new(), 0_usize);
        let querying = self.must_query.iter().map(|&number| (number, true));
        for (number, must_query) in querying.chain(self.waits_for_hint.iter().map(|&number| (number, false))) {
            let limit = limit_of(number);
            let is_enough = !must_query && DueCount::Known(wanted) >= self.known_due;
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
        (numbers, self.known_due.take(wanted), wanted)
    }

    /// A claim has ended that was to find `claimed_due` of the known events.
    pub fn note(&mut self, began_at: Instant, claimed_due: DueCount, found: ClaimCounts) {
        let ClaimCounts { wanted, taken, has_left, is_cut } = found;
        if has_left {
            self.left_at = self.left_at.max(Some(began_at));
        }
        if wanted == 0 {
            // No poll could take anything, so nothing was scanned.
            self.add_due(claimed_due);
        } else if taken == 0 || (taken < wanted && !is_cut) {
            self.seen_empty_at = (!has_left).then_some(began_at);
            if taken > 0 && has_left {
                // For others, if not for these.
                self.known_due = self.known_due.max(DueCount::Known(1));
            }
        } else if DueCount::Known(taken) > claimed_due || claimed_due == DueCount::Unknown || is_cut {
            self.known_due = DueCount::Unknown;
        } else {
            // All that was known was taken; there may be others.
            self.known_due = self.known_due.max(DueCount::Known(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(must_query: &[u64], waits_for_hint: &[u64], known_due: DueCount) -> PollsOfQueue {
        let (must_query, waits_for_hint) =
            (must_query.iter().copied().collect(), waits_for_hint.iter().copied().collect());
        PollsOfQueue { must_query, waits_for_hint, known_due, ..PollsOfQueue::default() }
    }

    #[test]
    fn a_claim_is_for_as_many_as_there_are_events() {
        let mut queue = queue(&[], &[1, 2, 3, 4], DueCount::Known(4));
        assert_eq!(queue.take(100, |_| 3), (vec![1, 2], DueCount::Known(4), 6));
        assert_eq!(queue.known_due, DueCount::NONE);
        assert!(!queue.is_claim_wanted());
    }

    #[test]
    fn those_that_must_query_are_served_without_a_hint_and_do_not_overtake() {
        let mut queue = queue(&[5], &[1, 2], DueCount::Known(4));
        assert_eq!(queue.take(100, |_| 3).0, [1, 5]);
        assert_eq!(queue.take(100, |_| 3).0, [0_u64; 0]);
    }

    #[test]
    fn a_claim_stays_within_its_rows_but_serves_one_at_least() {
        assert_eq!(queue(&[], &[1, 2, 3], DueCount::Unknown).take(6, |_| 3).0, [1, 2]);
        assert_eq!(queue(&[], &[1, 2, 3], DueCount::Unknown).take(2, |_| 3).0, [1]);
    }

    #[test]
    fn what_lands_during_a_claim_is_not_forgotten_when_it_ends_empty() {
        let mut queue = queue(&[], &[1], DueCount::Unknown);
        let (_, claimed_due, wanted) = queue.take(100, |_| 3);
        queue.add_due(DueCount::Known(1));
        queue.note(Instant::now(), claimed_due, ClaimCounts { wanted, ..ClaimCounts::default() });
        assert_eq!(queue.known_due, DueCount::Known(1));
    }

    #[test]
    fn a_claim_that_finds_more_than_was_known_leaves_an_unknown_number() {
        let mut queue = queue(&[1], &[], DueCount::NONE);
        let (_, claimed_due, wanted) = queue.take(100, |_| 3);
        queue.note(Instant::now(), claimed_due, ClaimCounts { wanted, taken: 3, ..ClaimCounts::default() });
        assert_eq!(queue.known_due, DueCount::Unknown);
    }

    #[test]
    fn events_that_no_poll_could_take_are_still_there() {
        let mut queue = queue(&[], &[1], DueCount::Known(2));
        let (_, claimed_due, _) = queue.take(100, |_| 3);
        queue.note(Instant::now(), claimed_due, ClaimCounts::default());
        assert_eq!(queue.known_due, DueCount::Known(2));
    }
}
