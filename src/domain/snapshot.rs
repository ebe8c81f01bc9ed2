//! How the service stood when its queues were last measured. Each replica keeps the latest snapshot in memory, so that
//! overviews cost the database nothing.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};

use super::engine::Standing;
use super::ids::{EngineId, EventId};
use super::limits::MINUTES_KEPT;
use super::queue::Depth;
use super::queue_activity::{ActivityCounts, LastMinute};
use super::queue_report::{QueueReport, Slots};

/// All queues as they were measured together.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// When they were measured, by the database's clock.
    pub as_of: DateTime<Utc>,
    /// How many snapshots this replica made before it.
    pub number: u64,
    /// The queues by their names.
    pub queues: BTreeMap<String, QueueSnapshot>,
}

impl Snapshot {
    /// A queue whose waiting events take too long to count for each reader.
    #[must_use]
    pub fn long_queue(&self, engine_type: &str) -> Option<&QueueSnapshot> {
        self.queues.get(engine_type).filter(|queue| queue.report.depth.is_long())
    }

    /// How deep one of its queues is later, at `now`, where it is not counted again.
    #[must_use]
    pub fn depth_of(&self, queue: &QueueSnapshot, now: DateTime<Utc>) -> Depth {
        queue.report.depth.later((now - self.as_of).as_seconds_f64(), now)
    }
}

/// One queue as it was measured.
#[derive(Clone, Debug)]
pub struct QueueSnapshot {
    /// Its depth, engines, settings, pause, quarantines, and what happened in the last minute.
    pub report: QueueReport,
    /// When its waiting events and dead letters were counted: before the snapshot, where it is long and many are.
    pub counted_at: DateTime<Utc>,
    /// What happened in the last five minutes.
    pub five_minutes: ActivityCounts,
    /// Its dead letters of the last hour.
    pub new_dead_letters: Option<NewDeadLetters>,
    /// Its events that were lost in silence again and again.
    pub poison: Option<Poison>,
    /// Its engines that live and do not ask for work.
    pub zombies: Option<Zombies>,
    /// How it stood at the beginning of each of the last minutes, the newest last.
    pub minutes: Minutes,
}

/// Dead letters of the last hour that are still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDeadLetters {
    /// How many they are, up to a bound.
    pub count: i64,
    /// How many causes they have, by their error fingerprints.
    pub causes: i64,
    /// When the first of them died.
    pub since: DateTime<Utc>,
    /// How many died in the day before that hour and are still there, up to a bound; not counted where they are few.
    pub of_day_before: i64,
}

/// Open events of a queue with at least two silent losses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poison {
    /// How many they are, up to a bound.
    pub count: i64,
    /// The one with the most losses.
    pub worst: EventId,
    /// Its losses.
    pub lease_losses: i32,
}

/// Engines of a queue that live, hold nothing, and do not ask for work although it has some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zombies {
    /// How many they are.
    pub count: i64,
    /// The one that has not asked for longest.
    pub most_silent: EngineId,
    /// When it last asked.
    pub silent_since: DateTime<Utc>,
    /// How many events those with a limit could hold.
    pub slots: i64,
    /// How many of them have no limit.
    pub unlimited: i64,
}

/// How a queue stood at the beginning of each of the last minutes; `None` where it was not measured.
#[derive(Clone, Debug, Default)]
pub struct Minutes(VecDeque<Option<MinutePoint>>);

/// How a queue stood at the beginning of a minute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MinutePoint {
    /// Events that could be leased.
    pub due: i64,
    /// How long the oldest of them had been due.
    pub oldest_due_age_seconds: f64,
}

impl Minutes {
    /// Adds a minute.
    pub fn push(&mut self, point: Option<MinutePoint>) {
        self.0.push_back(point);
        while self.0.len() > MINUTES_KEPT {
            self.0.pop_front();
        }
    }

    /// The points, the oldest first.
    pub fn points(&self) -> impl Iterator<Item = Option<MinutePoint>> {
        self.0.iter().copied()
    }

    /// How it stood this many minutes before the last point; `None` where that is not known.
    #[must_use]
    pub fn ago(&self, minutes: usize) -> Option<MinutePoint> {
        self.0.iter().rev().nth(minutes).copied().flatten()
    }
}

/// Several queues together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// How many queues there are.
    pub queues: i64,
    /// Of these, how many give out nothing.
    pub paused_queues: i64,
    /// Events that can be leased.
    pub due: i64,
    /// Events that will be due later.
    pub delayed: i64,
    /// Events that engines hold.
    pub processing: i64,
    /// Dead letters.
    pub dead_letters: i64,
    /// Open events with a silent loss.
    pub suspects: i64,
    /// Of the event that has been due for longest.
    pub oldest_due_age_seconds: f64,
    /// True where a count is an estimate.
    pub is_approximate: bool,
    /// Engines by status, and those that are active but for a quarantine of their version.
    pub engines: Engines,
    /// How many events the engines can hold.
    pub slots: Slots,
    /// What happened in about a minute.
    pub last_minute: LastMinute,
}

/// Engines by how they stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Engines {
    /// They are given events.
    pub active: i64,
    /// They finish what they hold.
    pub draining: i64,
    /// They are silent.
    pub unresponsive: i64,
    /// They would be active, but their version is quarantined.
    pub quarantined: i64,
    /// They would be active, but they asked for no events for a while.
    pub holding_off: i64,
}

impl Engines {
    /// The engines of a queue.
    #[must_use]
    pub fn of(report: &QueueReport) -> Self {
        Self {
            active: report.engines_with(Standing::Active),
            draining: report.engines_with(Standing::Draining),
            unresponsive: report.engines_with(Standing::Unresponsive),
            quarantined: report.engines_with(Standing::Quarantined),
            holding_off: report.engines_with(Standing::HoldingOff),
        }
    }
}

impl Totals {
    /// Adds queues up.
    pub fn of<'a>(queues: impl Iterator<Item = &'a QueueReport>) -> Self {
        let mut sum = Self::default();
        for report in queues {
            let (depth, engines, slots) = (&report.depth, Engines::of(report), report.slots());
            sum.queues += 1;
            sum.paused_queues += i64::from(report.queue.pause.is_some());
            sum.due += depth.due;
            sum.delayed += depth.delayed;
            sum.processing += depth.in_flight;
            sum.dead_letters += depth.dead_letters;
            sum.suspects += depth.suspects;
            sum.oldest_due_age_seconds = sum.oldest_due_age_seconds.max(depth.oldest_due_age_seconds);
            sum.is_approximate |= report.is_approximate();
            sum.engines.active += engines.active;
            sum.engines.draining += engines.draining;
            sum.engines.unresponsive += engines.unresponsive;
            sum.engines.quarantined += engines.quarantined;
            sum.engines.holding_off += engines.holding_off;
            sum.slots.total += slots.total;
            sum.slots.busy += slots.busy;
            sum.slots.unlimited_engines += slots.unlimited_engines;
            sum.last_minute.counts.add(&report.last_minute.counts);
            sum.last_minute.seconds = sum.last_minute.seconds.max(report.last_minute.seconds);
        }
        sum
    }
}
