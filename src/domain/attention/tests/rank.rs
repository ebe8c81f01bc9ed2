//! The order of items, and those of the database among them.

use chrono::{DateTime, TimeDelta, Utc};

use super::now;
use crate::domain::attention::{Code, Item, Severity, Subject, of_database, rank};
use crate::domain::database_health::warnings::{Warning, WarningCode};

fn item(code: Code, severity: Severity, since: Option<DateTime<Utc>>, message: &str) -> Item {
    let (message, what_to_do) = (message.to_owned(), String::new());
    Item { code, severity, message, what_to_do, subject: Subject::queue("dialogue"), since, count: 1 }
}

#[test]
fn the_worst_comes_first_then_the_oldest_whatever_the_order_was_before() {
    let ago = |minutes| Some(now() - TimeDelta::minutes(minutes));
    let ranked = [
        item(Code::Dying, Severity::Critical, ago(55), ""),
        item(Code::Database, Severity::Critical, ago(10), ""),
        item(Code::NobodyWorks, Severity::Critical, ago(10), ""),
        item(Code::Zombies, Severity::Critical, None, ""),
        item(Code::PausedLong, Severity::Warning, ago(1000), ""),
        item(Code::FallingBehind, Severity::Warning, ago(7), "chess gets more"),
        item(Code::FallingBehind, Severity::Warning, ago(7), "dialogue gets more"),
        item(Code::Poison, Severity::Warning, ago(6), ""),
        item(Code::DeadLettersNew, Severity::Warning, ago(5), ""),
        item(Code::VersionQuarantined, Severity::Notice, ago(9000), ""),
    ];
    for first in 0..ranked.len() {
        for step in [1, 3, 7, 9] {
            let mut items: Vec<Item> =
                (0..ranked.len()).map(|n| ranked[(first + n * step) % ranked.len()].clone()).collect();
            rank(&mut items);
            assert_eq!(items, ranked, "from {first} in steps of {step}");
        }
    }
}

#[test]
fn each_warning_of_the_database_is_an_item_with_its_own_time_and_subject() {
    let began = now() - TimeDelta::minutes(12);
    let warnings = [
        Warning::new(WarningCode::DatabaseReadOnly, "read-only"),
        Warning::new(WarningCode::OldSnapshot, "one").about("session 77").since(Some(began)),
        Warning::new(WarningCode::OldSnapshot, "another").about("session 78"),
    ];
    let items = of_database(&warnings);
    let shown: Vec<_> = items.iter().map(|item| (item.code, item.severity, item.since)).collect();
    assert_eq!(
        shown,
        [
            (Code::Database, Severity::Critical, None),
            (Code::Database, Severity::Warning, Some(began)),
            (Code::Database, Severity::Warning, None)
        ]
    );
    assert_ne!(items[1].subject, items[2].subject);
    assert_eq!(items[0].subject.database_warning, Some(WarningCode::DatabaseReadOnly));
    assert_eq!(items[1].subject.database_object.as_deref(), Some("session 77"));
}
