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
/// Later than this is no estimate.
const FARTHEST_SECONDS: f64 = 30.0 * 86_400.0;

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
    /// When the first lease runs out.
    pub first_lease_end: Option<DateTime<Utc>>,
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
    if let Some(rate) = ends_per_second(line, limit) {
        let seconds = to_f64(to_end) / rate;
        #[expect(clippy::cast_possible_truncation, reason = "no more than thirty days")]
        return (seconds < FARTHEST_SECONDS).then(|| opens_at + TimeDelta::milliseconds((seconds * 1000.0) as i64));
    }
    // Nothing has ended lately. What is lost in silence ends with its lease.
    line.first_lease_end.filter(|_| to_end == 1).map(|end| end.max(opens_at))
}

/// How many attempts end in a second while there is a line.
fn ends_per_second(line: &Line<'_>, limit: Option<i64>) -> Option<f64> {
    let report = &line.queue.report;
    let ended = |counts: &ActivityCounts| counts.completed + counts.failed + counts.lost + counts.released;
    let minute = &report.last_minute;
    let measured = Some(minute.per_second(ended(&minute.counts))).filter(|rate| *rate > 0.0);
    let had_a_line = report.queue.pause.is_none()
        && report.depth.due > 0
        && report.depth.oldest_due_age_seconds >= HAD_A_LINE_SECONDS;
    if had_a_line && measured.is_some() {
        return measured;
    }
    let slots = report.slots();
    let at_work = limit.map_or(slots.total, |most| slots.total.min(most));
    let possible = line
        .durations
        .attempts
        .mean()
        .filter(|seconds| at_work > 0 && *seconds > 0.0)
        .map(|seconds| to_f64(at_work) / seconds);
    possible.or(measured).or_else(|| {
        let ended = ended(&line.queue.five_minutes);
        (ended >= MIN_ENDS).then(|| to_f64(ended) / 300.0)
    })
}
