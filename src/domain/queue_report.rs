//! How a queue stands: its depth, its engines, what happened lately, and what follows from these.

use super::engine::{Standing, TypeSummary};
use super::limits::{DEFAULT_TARGET_CLEAR_SECONDS, MAX_EXACT_DEPTH, STANDS_AFTER_SECONDS};
use super::numbers::to_f64;
use super::queue::{Depth, Queue};
use super::queue_activity::{ActivityCounts, LastMinute, RecentDurations};

/// All there is to say of a queue.
#[derive(Clone, Debug)]
pub struct QueueReport {
    /// The queue with its settings and its pause.
    pub queue: Queue,
    /// How many events it has, by state. What is beyond `MAX_EXACT_DEPTH` is an estimate.
    pub depth: Depth,
    /// Its engines, counted by standing.
    pub engines: Vec<TypeSummary>,
    /// What all replicas together counted in about a minute.
    pub last_minute: LastMinute,
}

/// How many events the active engines of a queue can hold: those that are given events.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Slots {
    /// The sum of their limits; an engine that has none, or holds more, counts with what it holds.
    pub total: i64,
    /// How many events they hold.
    pub busy: i64,
    /// Engines without a limit.
    pub unlimited_engines: i64,
}

impl Slots {
    /// What engines with a limit could take now.
    #[must_use]
    pub const fn free(&self) -> i64 {
        self.total - self.busy
    }
}

impl QueueReport {
    /// True where a count is an estimate, or stopped at its bound.
    #[must_use]
    pub fn is_approximate(&self) -> bool {
        let Depth { due, delayed, dead_letters, .. } = self.depth;
        [due, delayed, dead_letters].iter().chain(&self.depth.due_by_priority).any(|count| *count > MAX_EXACT_DEPTH)
    }

    /// How many of its engines have that standing.
    #[must_use]
    pub fn engines_with(&self, standing: Standing) -> i64 {
        self.engines.iter().filter(|engines| engines.standing == standing).map(|engines| engines.engines).sum()
    }

    /// How many of its active engines hold nothing.
    #[must_use]
    pub fn idle_engines(&self) -> i64 {
        self.engines.iter().filter(|engines| engines.standing == Standing::Active).map(|engines| engines.idle).sum()
    }

    /// How many of its events are held by callers that are no engines.
    #[must_use]
    pub fn held_by_others(&self) -> i64 {
        let held_by_engines: i64 = self.engines.iter().map(|engines| engines.leases_held).sum();
        (self.depth.in_flight - held_by_engines).max(0)
    }

    /// How many events its engines can hold.
    #[must_use]
    pub fn slots(&self) -> Slots {
        let active = self.engines.iter().filter(|engines| engines.standing == Standing::Active);
        active.fold(Slots::default(), |sum, engines| Slots {
            total: sum.total + engines.slots,
            busy: sum.busy + engines.leases_held,
            unlimited_engines: sum.unlimited_engines + engines.unlimited,
        })
    }

    /// Events have been due for longer than engines that ask would leave them; none is worked on, and none was in the last minute. What
    /// was lost in it was worked on by nobody who is still there.
    #[must_use]
    pub fn stands(&self) -> bool {
        let ActivityCounts { completed, failed, released, .. } = self.last_minute.counts;
        self.depth.due > 0
            && self.depth.in_flight == 0
            && self.depth.oldest_due_age_seconds > STANDS_AFTER_SECONDS
            && completed + failed + released == 0
    }

    /// When nothing is due any more, at the present rates; `None` while the queue does not shrink, or is paused.
    #[must_use]
    pub fn clear_in_seconds(&self) -> Option<f64> {
        if self.depth.due == 0 {
            return Some(0.0);
        }
        if self.queue.pause.is_some() {
            return None;
        }
        let counts = &self.last_minute.counts;
        let shrinks = self.last_minute.per_second(counts.ended() - counts.enqueued);
        (shrinks > 0.0).then(|| to_f64(self.depth.due) / shrinks)
    }

    /// In how many seconds what is due is to be processed.
    #[must_use]
    pub fn target_clear_seconds(&self) -> u32 {
        self.queue.settings.target_clear_seconds.unwrap_or(DEFAULT_TARGET_CLEAR_SECONDS)
    }

    /// How many slots would process what is due within the target: those in use, and for what is due as many as that takes with
    /// attempts of that length, but no more than there are events. Where no attempt ended lately, its length is not known, and every
    /// due event gets a slot.
    #[must_use]
    pub fn wanted_slots(&self, durations: &RecentDurations) -> i64 {
        let due = to_f64(self.depth.due);
        let target = f64::from(self.target_clear_seconds());
        let wanted = durations.attempts.mean().map_or(due, |mean| (due * mean / target).ceil().min(due));
        #[expect(clippy::cast_possible_truncation, reason = "no more than the count of due events")]
        let wanted = wanted as i64;
        self.depth.in_flight + wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::durations::DurationCounts;
    use crate::domain::queue::QueueSettings;
    use crate::domain::retry_policy::RetryPolicyOverrides;

    fn report(due: i64, in_flight: i64) -> QueueReport {
        QueueReport {
            queue: Queue {
                engine_type: "dialogue".to_owned(),
                settings: QueueSettings::default(),
                pause: None,
                quarantines: Vec::new(),
                server_policy: RetryPolicyOverrides::default(),
            },
            depth: Depth { engine_type: "dialogue".to_owned(), due, in_flight, ..Depth::default() },
            engines: Vec::new(),
            last_minute: LastMinute::default(),
        }
    }

    fn attempts_of(seconds: f64) -> RecentDurations {
        let mut counts = DurationCounts::default();
        counts.note(seconds);
        let mut durations = RecentDurations::default();
        durations.attempts.add(counts.as_slice());
        durations
    }

    #[test]
    fn wanted_slots_clear_what_is_due_within_the_target_and_never_exceed_the_events() {
        let of = |due, in_flight, seconds| report(due, in_flight).wanted_slots(&attempts_of(seconds));
        assert_eq!(of(0, 7, 30.0), 7, "what is being processed keeps its slots");
        // 100 attempts of about 30 seconds in 60 seconds.
        assert!((45..=56).contains(&of(100, 0, 30.0)), "{}", of(100, 0, 30.0));
        assert_eq!(of(3, 2, 600.0), 5, "no more than there are events");
        assert_eq!(of(1000, 0, 0.001), 1, "rounded up");
        assert_eq!(report(40, 2).wanted_slots(&RecentDurations::default()), 42, "nothing is known of the attempts");
    }

    #[test]
    fn a_longer_target_needs_fewer_slots() {
        let mut slow = report(100, 0);
        slow.queue.settings.target_clear_seconds = Some(600);
        assert!((4..=6).contains(&slow.wanted_slots(&attempts_of(30.0))));
    }

    #[test]
    fn counts_beyond_the_bound_are_no_longer_exact() {
        assert!(!report(MAX_EXACT_DEPTH, MAX_EXACT_DEPTH + 1).is_approximate(), "leases are always counted");
        assert!(report(MAX_EXACT_DEPTH + 1, 0).is_approximate());
    }
}
