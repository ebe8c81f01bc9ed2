//! The latest snapshot of the service, in memory: measured by one task, read by all who ask how things stand.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;

use super::first_seen::FirstSeen;
use super::recent_activity::RecentActivity;
use super::rendered::Rendered;
use crate::domain::attention::{self, Item};
use crate::domain::database_health::warnings::Warning;
use crate::domain::engine::TypeSummary;
use crate::domain::limits::MINUTES_KEPT;
use crate::domain::queue::Depth;
use crate::domain::snapshot::{MinutePoint, Minutes, Snapshot};
use crate::store::queues::history::RecentHistory;

/// What was found when the database was last examined.
#[derive(Debug)]
pub struct DatabaseLook {
    /// When, by the database's clock.
    pub as_of: DateTime<Utc>,
    /// The worst first.
    pub warnings: Vec<Warning>,
    /// A thing to see to for each of them.
    pub attention: Vec<Item>,
}

/// What this replica knows of the whole service without asking the database.
#[derive(Debug, Default)]
pub struct Snapshots {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    latest: Option<Known>,
    activity: Arc<RecentActivity>,
    database: Option<Arc<DatabaseLook>>,
    since_of_queues: FirstSeen,
    since_of_database: FirstSeen,
    changes: u64,
}

/// The latest snapshot, and what there is to see to in it.
#[derive(Clone, Debug)]
pub struct Known {
    /// How the queues stand.
    pub snapshot: Arc<Snapshot>,
    /// What somebody should see to about queues.
    pub attention: Arc<[Item]>,
    /// What is known of the database; `None` before it was first examined.
    pub database: Option<Arc<DatabaseLook>>,
    /// Counts what was noted, so that another number means another content.
    pub revision: u64,
    /// What was made of this content for its readers.
    pub rendered: Arc<Rendered>,
}

impl Snapshots {
    /// The latest snapshot; `None` before the first.
    pub fn latest(&self) -> Option<Arc<Snapshot>> {
        self.state.lock().latest.as_ref().map(|known| Arc::clone(&known.snapshot))
    }

    /// The latest snapshot with what there is to see to, and with what is known of the database; `None` before the first snapshot.
    pub fn known(&self) -> Option<Known> {
        let state = self.state.lock();
        let known = state.latest.as_ref()?;
        Some(Known { database: state.database.clone(), revision: state.changes, ..known.clone() })
    }

    /// What was read of the activity of all queues for the latest snapshot.
    pub fn activity(&self) -> Arc<RecentActivity> {
        Arc::clone(&self.state.lock().activity)
    }

    /// Keeps a snapshot, and the activity that was read for it, instead of the one before.
    pub fn note(&self, mut snapshot: Snapshot, activity: RecentActivity) {
        let mut items: Vec<Item> =
            snapshot.queues.values().flat_map(|queue| attention::of_queue(queue, snapshot.as_of)).collect();
        let mut state = self.state.lock();
        state.since_of_queues.apply(&mut items, snapshot.as_of);
        state.changes += 1;
        state.activity = Arc::new(activity);
        snapshot.number = state.changes;
        state.latest = Some(Known {
            snapshot: Arc::new(snapshot),
            attention: items.into(),
            database: None,
            revision: 0,
            rendered: Arc::default(),
        });
    }

    /// Keeps what was found about the database.
    pub fn note_database(&self, as_of: DateTime<Utc>, warnings: Vec<Warning>) {
        let mut items = attention::of_database(&warnings);
        let mut state = self.state.lock();
        state.since_of_database.apply(&mut items, as_of);
        state.changes += 1;
        state.database = Some(Arc::new(DatabaseLook { as_of, warnings, attention: items }));
        if let Some(latest) = &mut state.latest {
            latest.rendered = Arc::default();
        }
    }
}

/// The minutes of a queue up to a new measurement, in which it is that deep. The first measurement in a minute is its point. What was
/// before the first measurement, the history says.
pub fn minutes_up_to(
    before: Option<(&Minutes, DateTime<Utc>)>,
    history: &RecentHistory,
    depth: &Depth,
    now: DateTime<Utc>,
) -> Minutes {
    let point = MinutePoint { due: depth.due, oldest_due_age_seconds: depth.oldest_due_age_seconds };
    let minute = |at: DateTime<Utc>| at.timestamp().div_euclid(60);
    let Some((minutes, measured_at)) = before else {
        let mut minutes = minutes_of_history(history, &depth.engine_type, now);
        minutes.push(Some(point));
        return minutes;
    };
    let mut minutes = minutes.clone();
    let passed = usize::try_from(minute(now) - minute(measured_at)).unwrap_or(0);
    for _ in 1..passed.min(MINUTES_KEPT + 1) {
        minutes.push(None);
    }
    if passed > 0 {
        minutes.push(Some(point));
    }
    minutes
}

/// The minutes of a queue as the history has them, before the first measurement of this replica, at `now`. A minute of the history is
/// told as of its end, which is the begin of the next.
pub fn minutes_of_history(history: &RecentHistory, engine_type: &str, now: DateTime<Utc>) -> Minutes {
    let mut minutes = Minutes::default();
    let begin = DateTime::from_timestamp(now.timestamp().div_euclid(60) * 60, 0).unwrap_or(now);
    let due = history.due.get(engine_type);
    for before in (1..i32::try_from(MINUTES_KEPT).unwrap_or(1)).rev() {
        let minute_at = begin - TimeDelta::minutes(1) * (before + 1);
        let point = history.measured.contains(&minute_at).then(|| {
            let (due, age) = due.and_then(|due| due.get(&minute_at)).copied().unwrap_or_default();
            MinutePoint { due, oldest_due_age_seconds: age.into() }
        });
        if point.is_some() || minutes.points().next().is_some() {
            minutes.push(point);
        }
    }
    minutes
}

/// Engines by their type.
pub fn by_type(summaries: Vec<TypeSummary>) -> HashMap<String, Vec<TypeSummary>> {
    let mut by_type: HashMap<String, Vec<TypeSummary>> = HashMap::new();
    for summary in summaries {
        by_type.entry(summary.engine_type.clone()).or_default().push(summary);
    }
    by_type
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::database_health::warnings::WarningCode;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a time")
    }

    fn deep(due: i64) -> Depth {
        Depth { engine_type: "dialogue".to_owned(), due, ..Depth::default() }
    }

    #[test]
    fn a_queue_has_one_point_a_minute_and_none_where_it_was_not_measured() {
        let mut minutes = minutes_up_to(None, &RecentHistory::default(), &deep(1), at(0));
        let mut before = at(0);
        for (seconds, due) in [(5, 2), (59, 3), (60, 4), (190, 5)] {
            minutes = minutes_up_to(Some((&minutes, before)), &RecentHistory::default(), &deep(due), at(seconds));
            before = at(seconds);
        }
        let due: Vec<Option<i64>> = minutes.points().map(|point| point.map(|point| point.due)).collect();
        assert_eq!(due, [Some(1), Some(4), None, Some(5)]);
        assert_eq!(minutes.ago(2).map(|point| point.due), Some(4));
        let after_a_day = minutes_up_to(Some((&minutes, before)), &RecentHistory::default(), &deep(6), at(86_400));
        assert_eq!(after_a_day.points().count(), MINUTES_KEPT);
        assert_eq!(after_a_day.points().flatten().count(), 1);
        let backwards = minutes_up_to(Some((&minutes, before)), &RecentHistory::default(), &deep(6), at(0));
        assert_eq!(backwards.points().count(), 4, "a clock that is set back adds nothing");
    }

    #[test]
    fn a_replica_that_starts_knows_the_minutes_before_from_the_history() {
        let begin = at(0) - TimeDelta::seconds(at(0).timestamp() % 60);
        let ago = |minutes| begin - TimeDelta::minutes(minutes);
        let mut history = RecentHistory::default();
        history.measured.extend([ago(5), ago(4), ago(2)]);
        history.due.insert("dialogue".to_owned(), HashMap::from([(ago(4), (7, 30.0))]));
        let told = |engine_type| {
            let minutes = minutes_of_history(&history, engine_type, begin + TimeDelta::seconds(9));
            minutes.points().map(|point| point.map(|point| point.due)).collect::<Vec<_>>()
        };
        assert_eq!(told("dialogue"), [Some(0), Some(7), None, Some(0)]);
        assert_eq!(told("vision"), [Some(0), Some(0), None, Some(0)], "none were due");
        assert_eq!(minutes_of_history(&RecentHistory::default(), "dialogue", begin).points().count(), 0);
    }

    #[test]
    fn each_warning_of_the_database_has_been_so_since_it_was_first_seen_itself() {
        let warning = |code| Warning::new(code, format!("{code:?}"));
        let of_table = |table: &str| warning(WarningCode::ManyDeadRows).about(table);
        let snapshots = Snapshots::default();
        let since = |warnings: &[Warning], now: i64| {
            snapshots.note_database(at(now), warnings.to_vec());
            let look = snapshots.state.lock().database.clone().expect("a look");
            look.attention.iter().map(|item| item.since.map(|since| (since - at(0)).num_seconds())).collect::<Vec<_>>()
        };
        let fsync = warning(WarningCode::FsyncOff);
        assert_eq!(since(std::slice::from_ref(&fsync), 0), [Some(0)]);
        assert_eq!(since(&[fsync.clone(), of_table("events")], 20), [Some(0), Some(20)]);
        let both = [fsync.clone(), of_table("dead_letters"), of_table("events")];
        assert_eq!(since(&both, 40), [Some(0), Some(40), Some(20)], "two of one code");
        assert_eq!(since(&[of_table("dead_letters"), of_table("events")], 60), [Some(40), Some(20)]);
        assert_eq!(since(&[fsync, of_table("events")], 80), [Some(80), Some(20)], "it was over meanwhile");
        let old = warning(WarningCode::OldSnapshot).about("session 77").since(Some(at(-600)));
        assert_eq!(since(&[old], 100), [Some(-600)], "it knows since when");
    }
}
