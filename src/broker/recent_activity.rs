//! What happened in all queues in the last five minutes, in memory: each round reads only the periods that may still have changed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::queue_activity::{ActivityCounts, LastMinute};
use crate::error::Result;
use crate::store::{self, PgConnection};

const PERIOD_SECONDS: i64 = 10;
/// Replicas write every five seconds, and may be late.
const MAY_CHANGE_SECONDS: i64 = 30;
const KEPT_SECONDS: i64 = 300;

/// The periods of the last five minutes, by their begin, with what was counted of each queue.
#[derive(Clone, Debug, Default)]
pub struct RecentActivity(BTreeMap<DateTime<Utc>, Arc<HashMap<String, ActivityCounts>>>);

impl RecentActivity {
    /// The same as of now: what may have changed is read anew.
    pub async fn read(&self, connection: &mut PgConnection, now: DateTime<Utc>) -> Result<Self> {
        let begin = begin_of_period(now);
        let oldest = begin - TimeDelta::seconds(KEPT_SECONDS - PERIOD_SECONDS);
        let settled = begin - TimeDelta::seconds(MAY_CHANGE_SECONDS);
        // Nothing is known of what lies between the last reading and one that comes late.
        let known_to = self.0.keys().next_back().map(|last| *last - TimeDelta::seconds(MAY_CHANGE_SECONDS));
        let from = known_to.map_or(oldest, |known_to| known_to.min(settled)).max(oldest);
        let mut periods: BTreeMap<_, _> =
            self.0.range(oldest..from).map(|(period_at, counts)| (*period_at, Arc::clone(counts))).collect();
        for (period_at, counts) in store::queues::activity::by_period(connection, from).await? {
            periods.insert(period_at, Arc::new(counts));
        }
        // So that the next reading knows how far this one went, also where nothing happened.
        periods.entry(begin).or_default();
        Ok(Self(periods))
    }

    /// What happened in each queue in five minutes, and in about the last minute: the present period and the five before.
    /// Queues in which nothing happened are left out.
    pub fn summed(&self, now: DateTime<Utc>) -> HashMap<String, (ActivityCounts, LastMinute)> {
        let minute_at = begin_of_period(now) - TimeDelta::seconds(5 * PERIOD_SECONDS);
        let seconds = (now - minute_at).as_seconds_f64();
        let mut sums: HashMap<String, (ActivityCounts, LastMinute)> = HashMap::new();
        for (period_at, queues) in &self.0 {
            for (engine_type, counts) in queues.iter() {
                if !sums.contains_key(engine_type) {
                    sums.insert(engine_type.clone(), Default::default());
                }
                let Some((five_minutes, minute)) = sums.get_mut(engine_type) else { continue };
                five_minutes.add(counts);
                if *period_at >= minute_at {
                    minute.counts.add(counts);
                    minute.seconds = seconds;
                }
            }
        }
        sums
    }
}

fn begin_of_period(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp().div_euclid(PERIOD_SECONDS) * PERIOD_SECONDS, 0).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_of_five_minutes_and_of_the_last_minute() {
        let now = DateTime::from_timestamp(1_800_000_004, 0).expect("a time");
        let mut recent = RecentActivity::default();
        for (seconds, completed) in [(-240, 1), (-60, 10), (-50, 100), (0, 1000)] {
            let counts = ActivityCounts { completed, ..ActivityCounts::default() };
            let of_period = HashMap::from([("dialogue".to_owned(), counts)]);
            recent.0.insert(begin_of_period(now) + TimeDelta::seconds(seconds), Arc::new(of_period));
        }
        let sums = recent.summed(now);
        let (five_minutes, minute) = &sums["dialogue"];
        assert_eq!((five_minutes.completed, minute.counts.completed), (1111, 1100));
        assert!((minute.seconds - 54.0).abs() < f64::EPSILON, "{}", minute.seconds);
    }
}
