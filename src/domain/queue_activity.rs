//! What happened in a queue lately.

use super::durations::Durations;
use super::numbers::to_f64;

/// What happened in a queue, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActivityCounts {
    /// Events taken in.
    pub enqueued: i64,
    /// Attempts reported as completed.
    pub completed: i64,
    /// Attempts reported as failed.
    pub failed: i64,
    /// Leases that ended without a report.
    pub lost: i64,
    /// Attempts whose engines gave the event back.
    pub released: i64,
    /// Settlements that came after the end of their lease, and were accepted.
    pub late: i64,
    /// Events that became dead letters.
    pub dead_lettered: i64,
    /// Events that were cancelled.
    pub cancelled: i64,
}

impl ActivityCounts {
    /// Adds other counts.
    pub const fn add(&mut self, other: &Self) {
        self.enqueued += other.enqueued;
        self.completed += other.completed;
        self.failed += other.failed;
        self.lost += other.lost;
        self.released += other.released;
        self.late += other.late;
        self.dead_lettered += other.dead_lettered;
        self.cancelled += other.cancelled;
    }

    /// Events that left the queue for good.
    #[must_use]
    pub const fn ended(&self) -> i64 {
        self.completed + self.dead_lettered + self.cancelled
    }
}

/// What all replicas together counted of one queue in about a minute.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LastMinute {
    /// What was counted.
    pub counts: ActivityCounts,
    /// The time that was counted: periods of ten seconds are counted whole, so it is less than a minute. Zero where
    /// nothing happened.
    pub seconds: f64,
}

impl LastMinute {
    /// A count as a rate.
    #[must_use]
    pub fn per_second(&self, count: i64) -> f64 {
        if self.seconds > 0.0 { to_f64(count) / self.seconds } else { 0.0 }
    }
}

/// How long events of a queue took in the same time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecentDurations {
    /// The attempts that their engines settled.
    pub attempts: Durations,
    /// From when an event was due until it was leased.
    pub waits: Durations,
}

impl RecentDurations {
    /// Adds those of another queue.
    pub fn add(&mut self, other: &Self) {
        self.attempts.merge(&other.attempts);
        self.waits.merge(&other.waits);
    }
}
