//! When a queued event is likely to be leased. Nothing is said where nothing is known: a wrong time is worse than none.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::limits::MAX_EXACT_DEPTH;
use crate::domain::numbers::to_f64;
use crate::domain::queue_activity::{ActivityCounts, RecentDurations};
use crate::domain::snapshot::QueueSnapshot;

/// A queue whose oldest event has waited for so long has had a line for all of the last minute: what left it then is its rate.
const HAD_A_LINE_SECONDS: f64 = 60.0;
/// Fewer ends in five minutes say nothing of a rate.
const MIN_ENDS: i64 = 3;
/// A lease that has lasted for that many times what is usual tells more of its own end than the usual does.
const UNUSUAL_FACTOR: f64 = 2.0;
/// Later than this is no estimate.
const FARTHEST_SECONDS: f64 = 30.0 * 86_400.0;

/// What engines hold of a queue.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct QueueLeases {
    /// When the first lease runs out that was never renewed.
    pub first_end: Option<DateTime<Utc>>,
    /// When those began that have lasted longest, the oldest first.
    pub began_at: Vec<DateTime<Utc>>,
    /// How many engines hold an event that was lost in silence before.
    pub suspect_holders: i64,
}

/// What is before an event.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// By the database's clock.
    pub now: DateTime<Utc>,
    /// When the event is due.
    pub due_at: DateTime<Utc>,
    /// Its queue.
    pub queue: &'a QueueSnapshot,
    /// How long its attempts took lately.
    pub durations: &'a RecentDurations,
    /// How many events engines can take at once.
    pub can_take: i64,
    /// An engine is active, and asks.
    pub has_engines: bool,
    /// How many events are leased before it.
    pub ahead: i64,
    /// What is leased.
    pub leases: &'a QueueLeases,
}

/// When it is likely to be leased; `None` where nothing can be said.
pub fn expected(line: &Line<'_>) -> Option<DateTime<Utc>> {
    let report = &line.queue.report;
    if !line.has_engines || line.ahead > MAX_EXACT_DEPTH {
        return None;
    }
    let mut opens_at = line.due_at.max(line.now);
    if let Some(pause) = &report.queue.pause {
        opens_at = opens_at.max(pause.resume_at?);
    }
    let limit = report.queue.settings.max_processing.map(i64::from);
    let below_limit = limit.map_or(i64::MAX, |most| (most - report.depth.in_flight).max(0));
    // What is free now is taken by those before it.
    let room = line.can_take.min(below_limit);
    if line.ahead < room {
        return Some(opens_at);
    }
    let to_end = line.ahead.saturating_sub(room).saturating_add(1);
    // A lease that is neither renewed nor reported ends then.
    let first_end = line.leases.first_end.filter(|_| to_end == 1).map(|end| end.max(opens_at));
    let at = pace(line, limit).and_then(|pace| {
        let seconds = pace.seconds_until(to_end, &line.leased_for());
        #[expect(clippy::cast_possible_truncation, reason = "no more than thirty days")]
        (seconds < FARTHEST_SECONDS).then(|| opens_at + TimeDelta::milliseconds((seconds * 1000.0) as i64))
    });
    at.into_iter().chain(first_end).min()
}

impl Line<'_> {
    /// How long the leases have lasted that began first, in seconds.
    fn leased_for(&self) -> Vec<f64> {
        self.leases.began_at.iter().map(|at| (self.now - *at).as_seconds_f64()).collect()
    }
}

/// At which pace attempts end while there is a line.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// How many are under way at a time.
    slots: i64,
    /// How long each takes.
    seconds: f64,
}

impl Pace {
    /// In how many seconds that many of them have ended. `leased_for` is how long those under way have lasted, the longest first.
    ///
    /// What has lasted for more than `UNUSUAL_FACTOR` times what is usual does not end as the others do: it is taken to last as long again.
    /// After it, its slot keeps the pace of the others.
    fn seconds_until(self, to_end: i64, leased_for: &[f64]) -> f64 {
        let slots = usize::try_from(self.slots).unwrap_or(0);
        let is_unusual = |age: &&f64| **age > UNUSUAL_FACTOR * self.seconds;
        let unusual: Vec<f64> = leased_for.iter().take(slots).take_while(is_unusual).copied().collect();
        let (mut at_pace, mut freed_in) = (slots - unusual.len(), 0.0);
        // What the slots at pace have to do together, were they all at pace from now on.
        let mut work = to_f64(to_end) * self.seconds;
        for age in unusual.iter().rev() {
            if at_pace > 0 && work <= age * count(at_pace) {
                break;
            }
            work += age - self.seconds;
            (at_pace, freed_in) = (at_pace + 1, *age);
        }
        (work / count(at_pace)).max(freed_in)
    }
}

fn count(slots: usize) -> f64 {
    to_f64(i64::try_from(slots).unwrap_or(i64::MAX))
}

/// The pace of the last minutes; `None` where nothing ended in them.
fn pace(line: &Line<'_>, limit: Option<i64>) -> Option<Pace> {
    let report = &line.queue.report;
    let ended = |counts: &ActivityCounts| counts.completed + counts.failed + counts.lost + counts.released;
    let total = report.slots().total;
    let slots = limit.map_or(total, |most| total.min(most)).max(1);
    let of_rate = |per_second: f64| Pace { slots, seconds: to_f64(slots) / per_second };
    let minute = &report.last_minute;
    let measured = Some(minute.per_second(ended(&minute.counts))).filter(|rate| *rate > 0.0).map(of_rate);
    let had_a_line = report.queue.pause.is_none()
        && report.depth.due > 0
        && report.depth.oldest_due_age_seconds >= HAD_A_LINE_SECONDS;
    if had_a_line && measured.is_some() {
        return measured;
    }
    let mean = line.durations.attempts.mean().filter(|seconds| total > 0 && *seconds > 0.0);
    mean.map(|seconds| Pace { slots, seconds }).or(measured).or_else(|| {
        let ended = ended(&line.queue.five_minutes);
        (ended >= MIN_ENDS).then(|| of_rate(to_f64(ended) / 300.0))
    })
}
