//! How queues stood, minute by minute, and how minutes are drawn together for a plot.

use chrono::{DateTime, TimeDelta, Utc};

use super::limits::{MAX_HISTORY_POINTS, MAX_HISTORY_STEP_SECONDS};
use super::queue_activity::ActivityCounts;

/// A queue, or all of them together, in one minute.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryMinute {
    /// When it began.
    pub minute_at: DateTime<Utc>,
    /// How deep it was shortly after its end.
    pub depth: HistoryDepth,
    /// What happened in it.
    pub counts: ActivityCounts,
    /// How long things took that ended in it.
    pub seconds: HistorySeconds,
}

/// How deep a queue was.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HistoryDepth {
    /// Events that could be leased.
    pub due: i64,
    /// Events that were due later.
    pub delayed: i64,
    /// Events that engines held.
    pub processing: i64,
    /// Dead letters.
    pub dead_letters: i64,
    /// How long the oldest due event had been due.
    pub oldest_due_age_seconds: f32,
    /// How many events the engines could hold.
    pub slots: i64,
    /// How many they held.
    pub busy: i64,
}

/// Quantiles of what ended; `None` where nothing did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HistorySeconds {
    /// Of the lengths of attempts: not exceeded by half of them.
    pub attempt_p50: Option<f32>,
    /// Not exceeded by 99 of 100.
    pub attempt_p99: Option<f32>,
    /// Of the times from due to leased: not exceeded by half of them.
    pub wait_p50: Option<f32>,
    /// Not exceeded by 99 of 100.
    pub wait_p99: Option<f32>,
}

/// The points of a history: `step_seconds` apart, the first at `from`, and none at `to` or later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HistoryRange {
    /// The begin of the first step.
    pub from: DateTime<Utc>,
    /// The end of the last step.
    pub to: DateTime<Utc>,
    /// Whole minutes.
    pub step_seconds: i64,
}

/// Why a range cannot be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadRange {
    /// It ends before it begins, or where it begins.
    Empty,
    /// Its steps are too many, also where they are the longest there are.
    TooLong {
        /// Whole days that are not too long.
        most_days: i64,
    },
    /// Its steps are too many.
    TooManyPoints {
        /// The shortest step with which they are few enough.
        least_step_seconds: i64,
    },
}

impl HistoryRange {
    /// The range from `from` to `to`, begun and ended on whole steps. Without a step it is the shortest possible.
    pub fn new(from: DateTime<Utc>, to: DateTime<Utc>, step_seconds: Option<u32>) -> Result<Self, BadRange> {
        if to <= from {
            return Err(BadRange::Empty);
        }
        let (from, to) = (from.timestamp(), to.timestamp() + i64::from(to.timestamp_subsec_nanos() > 0));
        // One more than fits may be needed, since the range is widened to whole steps.
        let steps = MAX_HISTORY_POINTS - 1;
        let least = div_up(to - from, steps * 60) * 60;
        if least > i64::from(MAX_HISTORY_STEP_SECONDS) {
            return Err(BadRange::TooLong { most_days: steps * i64::from(MAX_HISTORY_STEP_SECONDS) / 86_400 });
        }
        let step_seconds = step_seconds.map_or(least, i64::from);
        if step_seconds < least {
            return Err(BadRange::TooManyPoints { least_step_seconds: least });
        }
        let aligned = |steps: i64| DateTime::from_timestamp(steps * step_seconds, 0).unwrap_or_default();
        Ok(Self { from: aligned(from.div_euclid(step_seconds)), to: aligned(div_up(to, step_seconds)), step_seconds })
    }

    /// How many points it has.
    #[must_use]
    pub fn points(&self) -> usize {
        usize::try_from((self.to - self.from).num_seconds() / self.step_seconds).unwrap_or(0)
    }

    fn place(&self, at: DateTime<Utc>) -> Option<usize> {
        let seconds = (at - self.from).num_seconds();
        (seconds >= 0 && at < self.to).then(|| usize::try_from(seconds / self.step_seconds).ok()).flatten()
    }
}

fn div_up(value: i64, by: i64) -> i64 {
    (value + by - 1).div_euclid(by)
}

/// One point for each step; `None` where nothing was measured. A queue has rows only of minutes in which something happened or
/// changed: in the other minutes that were `measured` it stood as before, and nothing happened. Rows may begin before the range:
/// the last one before it says how the queue stood when it began.
#[must_use]
pub fn points(range: &HistoryRange, measured: &[DateTime<Utc>], rows: &[HistoryMinute]) -> Vec<Option<HistoryMinute>> {
    let mut points: Vec<Option<HistoryMinute>> = vec![None; range.points()];
    let mut depth = HistoryDepth::default();
    let mut rows = rows.iter().peekable();
    for minute_at in measured.iter().copied() {
        while let Some(earlier) = rows.next_if(|row| row.minute_at < minute_at) {
            depth = earlier.depth;
        }
        let row = rows.next_if(|row| row.minute_at == minute_at);
        // Age is a part of it only where a row says so: where no event is due, it is zero.
        depth = row.map_or(depth, |row| row.depth);
        let Some(place) = range.place(minute_at) else { continue };
        let step_at = range.from + TimeDelta::seconds(range.step_seconds * i64::try_from(place).unwrap_or(0));
        let point = points[place].get_or_insert_with(|| HistoryMinute {
            minute_at: step_at,
            depth,
            counts: ActivityCounts::default(),
            seconds: HistorySeconds::default(),
        });
        let oldest = point.depth.oldest_due_age_seconds.max(depth.oldest_due_age_seconds);
        point.depth = HistoryDepth { oldest_due_age_seconds: oldest, ..depth };
        if let Some(row) = row {
            point.counts.add(&row.counts);
            point.seconds = largest(point.seconds, row.seconds);
        }
    }
    points
}

fn largest(a: HistorySeconds, b: HistorySeconds) -> HistorySeconds {
    let of = |a: Option<f32>, b: Option<f32>| match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (one, other) => one.or(other),
    };
    HistorySeconds {
        attempt_p50: of(a.attempt_p50, b.attempt_p50),
        attempt_p99: of(a.attempt_p99, b.attempt_p99),
        wait_p50: of(a.wait_p50, b.wait_p50),
        wait_p99: of(a.wait_p99, b.wait_p99),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + minutes * 60, 0).expect("a time")
    }

    fn row(minutes: i64, due: i64, completed: i64, age: f32) -> HistoryMinute {
        HistoryMinute {
            minute_at: at(minutes),
            depth: HistoryDepth { due, oldest_due_age_seconds: age, ..HistoryDepth::default() },
            counts: ActivityCounts { completed, ..ActivityCounts::default() },
            seconds: HistorySeconds { attempt_p99: (completed > 0).then_some(age), ..HistorySeconds::default() },
        }
    }

    #[test]
    fn a_range_has_at_most_600_points_on_whole_steps() {
        let hour = HistoryRange::new(at(0), at(60), None).expect("a range");
        assert_eq!((hour.step_seconds, hour.points()), (60, 60));
        let two_days = HistoryRange::new(at(7), at(7 + 2880), None).expect("a range");
        assert_eq!(two_days.step_seconds, 300);
        assert!(two_days.points() <= 600 && two_days.points() >= 576, "{}", two_days.points());
        assert_eq!((two_days.from.timestamp() % 300, two_days.to.timestamp() % 300), (0, 0));
        assert!(two_days.from <= at(7) && two_days.to >= at(7 + 2880), "nothing that was asked for is left out");
        assert_eq!(HistoryRange::new(at(0), at(0), None), Err(BadRange::Empty));
        assert_eq!(
            HistoryRange::new(at(0), at(2880), Some(60)),
            Err(BadRange::TooManyPoints { least_step_seconds: 300 })
        );
        assert_eq!(HistoryRange::new(at(0), at(599 * 1440), None).map(|range| range.step_seconds), Ok(86_400));
        for step_seconds in [None, Some(60), Some(86_400)] {
            let too_long = HistoryRange::new(at(0), at(599 * 1440 + 1), step_seconds);
            assert_eq!(too_long, Err(BadRange::TooLong { most_days: 599 }), "no step would do");
        }
        let longest = HistoryRange::new(at(0) + TimeDelta::seconds(59), at(599), None).expect("a range");
        assert!(longest.points() <= 600, "{}", longest.points());
    }

    #[test]
    fn parts_of_a_second_are_a_step_too() {
        let after = |milliseconds| at(0) + TimeDelta::milliseconds(milliseconds);
        for (from, to, points) in [(100, 900, 1), (0, 1, 1), (59_900, 60_000, 1), (59_900, 60_001, 2)] {
            let range = HistoryRange::new(after(from), after(to), None).expect("a range");
            assert_eq!(range.points(), points, "{from} to {to}");
        }
    }

    #[test]
    fn minutes_without_a_row_are_as_before_and_unmeasured_ones_are_gaps() {
        let range = HistoryRange::new(at(10), at(16), None).expect("a range");
        let measured: Vec<DateTime<Utc>> = [9, 10, 11, 12, 14, 15].map(at).to_vec();
        let rows = [row(3, 7, 1, 2.0), row(11, 5, 4, 30.0), row(14, 0, 5, 0.0)];
        let told: Vec<Option<(i64, i64)>> = points(&range, &measured, &rows)
            .into_iter()
            .map(|point| point.map(|point| (point.depth.due, point.counts.completed)))
            .collect();
        assert_eq!(told, [Some((7, 0)), Some((5, 4)), Some((5, 0)), None, Some((0, 5)), Some((0, 0))]);
    }

    #[test]
    fn a_step_sums_what_happened_and_shows_the_depth_at_its_end_and_the_longest_waits() {
        let range = HistoryRange::new(at(0), at(10), Some(300)).expect("a range");
        let measured: Vec<DateTime<Utc>> = (0..10).map(at).collect();
        let rows = [row(0, 9, 1, 8.0), row(1, 4, 2, 90.0), row(2, 3, 3, 5.0)];
        let points = points(&range, &measured, &rows);
        let first = points[0].as_ref().expect("measured");
        assert_eq!((first.depth.due, first.counts.completed, first.minute_at), (3, 6, at(0)));
        assert!((first.depth.oldest_due_age_seconds - 90.0).abs() < f32::EPSILON);
        assert_eq!(first.seconds.attempt_p99, Some(90.0));
        assert_eq!(points[1].as_ref().map(|point| point.counts.completed), Some(0));
    }
}
