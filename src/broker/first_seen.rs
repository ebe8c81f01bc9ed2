//! Since when something has needed somebody, where it does not know that itself.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::attention::{Code, Item, Subject};

/// A time that is computed from an age differs by that much from one measurement to the next.
const SAME_TIME: TimeDelta = TimeDelta::seconds(1);

/// Since when things have needed somebody, by what was shown before.
#[derive(Debug, Default)]
pub struct FirstSeen(HashMap<(Code, Subject), DateTime<Utc>>);

impl FirstSeen {
    /// Fills in since when where an item does not know it, and forgets what is over. A time that is nearly the same as before stays, so that
    /// items do not change places.
    pub fn apply(&mut self, items: &mut [Item], now: DateTime<Utc>) {
        let before = std::mem::take(&mut self.0);
        for item in items {
            let key = (item.code, item.subject.clone());
            let known = before.get(&key).copied();
            let since = match (item.since, known) {
                (None, known) => known.unwrap_or(now),
                (Some(since), Some(known)) if (since - known).abs() < SAME_TIME => known,
                (Some(since), _) => since,
            };
            item.since = Some(since);
            self.0.insert(key, since);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attention::Severity;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a time")
    }

    #[test]
    fn what_does_not_know_since_when_it_has_been_so_has_been_since_it_was_first_seen() {
        let item = |code| Item {
            code,
            severity: Severity::Warning,
            message: String::new(),
            what_to_do: String::new(),
            subject: Subject::queue("dialogue"),
            since: None,
            count: 1,
        };
        let mut seen = FirstSeen::default();
        let mut since = |codes: &[Code], now| {
            let mut items: Vec<Item> = codes.iter().map(|code| item(*code)).collect();
            seen.apply(&mut items, now);
            items.iter().map(|item| item.since.map(|since| since - at(0))).collect::<Vec<_>>()
        };
        let seconds = |seconds| Some(TimeDelta::seconds(seconds));
        assert_eq!(since(&[Code::Dying], at(0)), [seconds(0)]);
        assert_eq!(since(&[Code::Poison, Code::Dying], at(5)), [seconds(5), seconds(0)]);
        assert_eq!(since(&[Code::Poison], at(10)), [seconds(5)]);
        assert_eq!(since(&[Code::Dying], at(15)), [seconds(15)], "it was over meanwhile");
    }

    #[test]
    fn a_time_that_is_computed_from_an_age_does_not_waver() {
        let mut seen = FirstSeen::default();
        let mut since = |milliseconds: i64| {
            let mut items = [Item {
                code: Code::NobodyWorks,
                severity: Severity::Critical,
                message: String::new(),
                what_to_do: String::new(),
                subject: Subject::queue("dialogue"),
                since: Some(at(0) + TimeDelta::milliseconds(milliseconds)),
                count: 1,
            }];
            seen.apply(&mut items, at(60));
            items[0].since.map(|since| (since - at(0)).num_milliseconds())
        };
        assert_eq!([0, 3, -4, 900, 1000].map(&mut since), [Some(0), Some(0), Some(0), Some(0), Some(1000)]);
    }
}
