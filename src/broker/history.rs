//! How queues stood, minute by minute: writing it, and reading it.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use super::shared_history::Points;
use super::state::Broker;
use crate::domain::history::{self, HistoryDepth, HistoryMinute, HistoryRange, HistorySeconds};
use crate::domain::names::EngineType;
use crate::domain::queue_activity::{ActivityCounts, RecentDurations};
use crate::domain::snapshot::{QueueSnapshot, Totals};
use crate::error::{Error, Result};
use crate::store;
use crate::store::pool::commit;

/// A minute is written once all replicas have written down what they counted in it, as they do every five seconds.
const COUNTED_AFTER_SECONDS: i64 = 12;
/// A replica that did not write the minute before leaves a minute to the one that did for this long: else both would write all queues
/// anew, since neither knows what the other wrote.
const TAKES_OVER_AFTER_SECONDS: i64 = 35;

impl Broker {
    /// Writes the last minute of all queues, if it is over, no replica has written it, and history is kept; says how many rows.
    pub async fn write_history(&self) -> Result<usize> {
        let Some(snapshot) = self.snapshots.latest() else { return Ok(0) };
        if self.settings.history_hours == 0 {
            return Ok(0);
        }
        let own = self.written_history.minute();
        let patience = if own.is_some() { COUNTED_AFTER_SECONDS } else { TAKES_OVER_AFTER_SECONDS };
        let minute_at = last_minute(snapshot.as_of, patience);
        if own >= Some(minute_at) {
            return Ok(0);
        }
        let mut transaction = self.begin().await?;
        if !store::queues::history::try_lock(&mut transaction).await? {
            return Ok(0);
        }
        let written = store::queues::history::last_minute(&mut transaction).await?;
        if written >= Some(minute_at) {
            self.written_history.note_other();
            return Ok(0);
        }
        let away_until = store::queues::history::away_until(&mut transaction).await?;
        if away_until.is_some_and(|until| minute_at + TimeDelta::minutes(1) <= until) {
            return Ok(0);
        }
        let mut activity = store::queues::history::activity_of_minute(&mut transaction, minute_at).await?;
        let before = self.written_history.depths(written);
        let mut counts_of_all = ActivityCounts::default();
        let mut durations_of_all = RecentDurations::default();
        let mut rows = Vec::new();
        let mut depths = HashMap::with_capacity(snapshot.queues.len());
        for (name, queue) in &snapshot.queues {
            let (minute, durations) = activity.remove(name).unwrap_or_default();
            counts_of_all.add(&minute.counts);
            durations_of_all.add(&durations);
            let depth = depth_of(queue);
            if depth.due > 0 || before.get(name) != Some(&depth) || minute.counts != ActivityCounts::default() {
                rows.push((name.clone(), minute_of(minute_at, depth, minute.counts, &durations)));
            }
            depths.insert(name.clone(), depth);
        }
        let totals = Totals::of(snapshot.queues.values().map(|queue| &queue.report));
        let all = minute_of(minute_at, depth_of_all(&totals), counts_of_all, &durations_of_all);
        store::queues::history::add(&mut transaction, minute_at, &all, &rows).await?;
        commit(transaction).await?;
        self.written_history.note(minute_at, depths);
        self.shared_history.clear();
        Ok(rows.len() + 1)
    }

    /// How a queue, or all queues together, stood in a range: a point for each step, `None` where nothing was measured. Up to ten
    /// seconds old, so that many who watch the same plot cost the database what one does.
    pub async fn read_history(&self, engine_type: Option<&EngineType>, range: &HistoryRange) -> Result<Points> {
        let question = (engine_type.cloned(), *range);
        let asked_at = Instant::now();
        if let Some(points) = self.shared_history.get(&question, asked_at) {
            return Ok(points);
        }
        let mut connection = self.reading_connection().await?;
        if let Some(engine_type) = engine_type {
            store::queues::read(&mut connection, engine_type.as_str())
                .await?
                .ok_or_else(|| Error::QueueNotFound(engine_type.clone()))?;
        }
        let (from, to) = (range.from, range.to);
        let measured = store::queues::history::measured(&mut connection, from, to).await?;
        let name = engine_type.map(EngineType::as_str);
        let rows = store::queues::history::read(&mut connection, name, from, to).await?;
        let points = Points::from(history::points(range, &measured, &rows));
        self.shared_history.put(question, asked_at, Arc::clone(&points));
        Ok(points)
    }

    /// Makes what this replica wrote older, as if that time had passed: for tests.
    pub fn age_history(&self, by: TimeDelta) {
        self.written_history.age(by);
        self.shared_history.clear();
    }

    /// The time up to which history can be there: that of the last snapshot, or of the database before the first one.
    pub async fn end_of_history(&self) -> Result<DateTime<Utc>> {
        match self.snapshots.latest() {
            Some(snapshot) => Ok(snapshot.as_of),
            None => Ok(store::clock::now(&mut *self.reading_connection().await?).await?),
        }
    }
}

/// The begin of the last minute that was over that many seconds ago.
fn last_minute(now: DateTime<Utc>, seconds: i64) -> DateTime<Utc> {
    let counted = now.timestamp() - seconds;
    let minute = DateTime::from_timestamp(counted.div_euclid(60) * 60, 0).unwrap_or(now);
    minute - TimeDelta::minutes(1)
}

fn depth_of(queue: &QueueSnapshot) -> HistoryDepth {
    let (depth, slots) = (&queue.report.depth, queue.report.slots());
    HistoryDepth {
        due: depth.due,
        delayed: depth.delayed,
        processing: depth.in_flight,
        dead_letters: depth.dead_letters,
        oldest_due_age_seconds: to_f32(depth.oldest_due_age_seconds),
        slots: slots.total,
        busy: slots.busy,
    }
}

fn depth_of_all(totals: &Totals) -> HistoryDepth {
    HistoryDepth {
        due: totals.due,
        delayed: totals.delayed,
        processing: totals.processing,
        dead_letters: totals.dead_letters,
        oldest_due_age_seconds: to_f32(totals.oldest_due_age_seconds),
        slots: totals.slots.total,
        busy: totals.slots.busy,
    }
}

fn minute_of(
    minute_at: DateTime<Utc>,
    depth: HistoryDepth,
    counts: ActivityCounts,
    durations: &RecentDurations,
) -> HistoryMinute {
    let RecentDurations { attempts, waits } = durations;
    let seconds = HistorySeconds {
        attempt_p50: attempts.quantile(0.5).map(to_f32),
        attempt_p99: attempts.quantile(0.99).map(to_f32),
        wait_p50: waits.quantile(0.5).map(to_f32),
        wait_p99: waits.quantile(0.99).map(to_f32),
    };
    HistoryMinute { minute_at, depth, counts, seconds }
}

#[expect(clippy::cast_possible_truncation, reason = "seven digits are enough for a plot")]
const fn to_f32(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_the_last_one_once_it_has_been_over_for_some_seconds() {
        let at = |seconds: i64| DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a time");
        let minute = |seconds| (last_minute(at(seconds), 12) - at(0)).num_seconds();
        assert_eq!([minute(60), minute(71), minute(72), minute(131), minute(132)], [-60, -60, 0, 0, 60]);
    }
}
