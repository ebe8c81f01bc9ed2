//! A calm queue asks for nothing, and each rule is tried on both sides of its bound.

mod bad_days;
mod calm_day;
mod day;
mod falling_behind;
mod pairs;
mod rank;

use chrono::TimeDelta;

use super::*;
use crate::domain::engine::{Standing, TypeSummary};
use crate::domain::ids::{EngineId, EventId};
use crate::domain::queue::{Depth, Pause, Queue, QueueSettings};
use crate::domain::queue_activity::{ActivityCounts, LastMinute};
use crate::domain::queue_report::QueueReport;
use crate::domain::retry_policy::RetryPolicyOverrides;
use crate::domain::snapshot::{MinutePoint, Minutes, NewDeadLetters, Poison, Zombies};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
}

fn engines(standing: Standing, engines: i64) -> TypeSummary {
    TypeSummary {
        engine_type: "dialogue".to_owned(),
        standing,
        is_quarantined: standing == Standing::Quarantined,
        is_holding_off: standing == Standing::HoldingOff,
        engines,
        unlimited: 0,
        slots: engines * 5,
        leases_held: engines * 4,
        idle: 0,
    }
}

fn minutes(ages: impl Iterator<Item = f64>) -> Minutes {
    let mut minutes = Minutes::default();
    for oldest_due_age_seconds in ages {
        minutes.push(Some(MinutePoint { due: 40, oldest_due_age_seconds }));
    }
    minutes
}

/// A busy afternoon: work comes and goes, little of it fails, nothing waits for long.
fn calm() -> QueueSnapshot {
    QueueSnapshot {
        report: QueueReport {
            queue: Queue {
                engine_type: "dialogue".to_owned(),
                settings: QueueSettings::default(),
                pause: None,
                quarantines: Vec::new(),
                server_policy: RetryPolicyOverrides::default(),
            },
            depth: Depth {
                engine_type: "dialogue".to_owned(),
                due: 40,
                delayed: 12,
                in_flight: 12,
                dead_letters: 30,
                suspects: 1,
                due_by_priority: vec![0, 0, 0, 0, 0, 40, 0, 0, 0, 0],
                oldest_due_age_seconds: 20.0,
                ..Depth::default()
            },
            engines: vec![engines(Standing::Active, 3), engines(Standing::Unresponsive, 1)],
            last_minute: LastMinute {
                counts: ActivityCounts { enqueued: 400, completed: 400, ..ActivityCounts::default() },
                seconds: 55.0,
            },
        },
        counted_at: now(),
        five_minutes: ActivityCounts {
            enqueued: 2000,
            completed: 2000,
            failed: 60,
            lost: 2,
            ..ActivityCounts::default()
        },
        new_dead_letters: Some(NewDeadLetters { count: 4, causes: 2, since: now(), of_day_before: 100 }),
        poison: None,
        zombies: None,
        minutes: minutes((0..20).map(|n| f64::from(n % 7) * 3.0)),
    }
}

#[test]
fn each_code_is_explained_to_operators() {
    let page = include_str!("../../../docs/operators.md");
    for code in Code::ALL {
        assert!(page.contains(&format!("| `{}` | ", code.as_str())), "{code:?}");
    }
}

fn codes(queue: &QueueSnapshot) -> Vec<Code> {
    of_queue(queue, now()).iter().map(|item| item.code).collect()
}

fn changed(change: impl FnOnce(&mut QueueSnapshot)) -> Vec<Code> {
    let mut queue = calm();
    change(&mut queue);
    codes(&queue)
}

#[test]
fn a_calm_queue_asks_for_nothing() {
    assert_eq!(codes(&calm()), []);
    assert_eq!(changed(|queue| queue.five_minutes = ActivityCounts::default()), []);
    assert_eq!(changed(|queue| queue.minutes = Minutes::default()), [], "just started");
}

fn abandoned(queue: &mut QueueSnapshot) {
    queue.report.engines.retain(|engines| engines.standing != Standing::Active);
    queue.report.depth.in_flight = 4;
    queue.report.last_minute.counts.completed = 0;
    queue.report.depth.oldest_due_age_seconds = 30.0;
}

#[test]
fn due_events_without_an_active_engine_ask_for_attention_after_a_while() {
    let mut queue = calm();
    abandoned(&mut queue);
    let items = of_queue(&queue, now());
    assert_eq!(items.iter().map(|item| item.code).collect::<Vec<_>>(), [Code::NobodyWorks]);
    assert_eq!(
        items[0].message,
        "dialogue has 40 due events and no active engine (1 unresponsive); the oldest has been due for 30 s"
    );
    assert_eq!(
        (items[0].severity, items[0].since, items[0].count),
        (Severity::Critical, Some(now() - TimeDelta::seconds(30)), 40)
    );
    let otherwise = |change: fn(&mut QueueSnapshot)| {
        changed(|queue| {
            abandoned(queue);
            change(queue);
        })
    };
    assert_eq!(otherwise(|queue| queue.report.depth.oldest_due_age_seconds = 29.0), []);
    assert_eq!(otherwise(|queue| queue.report.depth.due = 0), []);
    assert_eq!(otherwise(|queue| queue.report.depth.in_flight = 5), [], "leased by one that is not registered");
    assert_eq!(otherwise(|queue| queue.report.last_minute.counts.completed = 1), []);
    assert_eq!(otherwise(|queue| queue.report.queue.pause = Some(pause(now(), None))), [], "somebody wants it so");
    let quarantined = otherwise(|queue| queue.report.engines.push(engines(Standing::Quarantined, 1)));
    assert_eq!(quarantined, [Code::NobodyWorks], "quarantined engines get nothing");
    let holding_off = otherwise(|queue| queue.report.engines.push(engines(Standing::HoldingOff, 1)));
    assert_eq!(holding_off, [], "it comes back by itself");
}

#[test]
fn a_queue_is_dying_where_more_than_half_of_enough_attempts_fail() {
    let of = |completed, failed, lost| {
        changed(|queue| {
            queue.five_minutes = ActivityCounts { completed, failed, lost, ..ActivityCounts::default() };
            queue.report.last_minute.counts = queue.five_minutes;
        })
    };
    assert_eq!(of(9, 11, 0), [Code::Dying]);
    assert_eq!(of(10, 10, 0), [], "half of them");
    assert_eq!(of(9, 1, 10), [Code::Dying], "lost ones count");
    assert_eq!(of(0, 19, 0), [], "too few to say");
    let mut queue = calm();
    queue.five_minutes = ActivityCounts { completed: 28, failed: 300, lost: 12, ..ActivityCounts::default() };
    queue.report.last_minute.counts = queue.five_minutes;
    let message = of_queue(&queue, now()).remove(0).message;
    assert_eq!(message, "312 of 340 attempts of dialogue failed in the last 5 minutes, 12 of them without a report");
}

#[test]
fn a_queue_is_no_longer_dying_where_the_last_minute_shows_it() {
    let after = |completed, failed, change: fn(&mut QueueSnapshot)| {
        changed(|queue| {
            queue.five_minutes = ActivityCounts { failed: 300, completed, ..ActivityCounts::default() };
            queue.report.last_minute.counts = ActivityCounts { completed, failed, ..ActivityCounts::default() };
            change(queue);
        })
    };
    assert_eq!(after(0, 60, |_| ()), [Code::Dying]);
    assert_eq!(after(1, 0, |_| ()), [], "none failed");
    assert_eq!(after(10, 10, |_| ()), [], "enough were made, and half of them completed");
    assert_eq!(after(9, 10, |_| ()), [Code::Dying], "too few to say");
    assert_eq!(after(0, 0, |_| ()), [Code::Dying], "all wait to be tried again");
    assert_eq!(after(0, 0, |queue| queue.report.queue.pause = Some(pause(now(), None))), [], "none are made");
    let nothing_left: fn(&mut QueueSnapshot) = |queue| {
        let depth = &mut queue.report.depth;
        (depth.due, depth.delayed, depth.in_flight) = (0, 0, 0);
    };
    assert_eq!(after(0, 0, nothing_left), []);
    assert_eq!(after(0, 1, nothing_left), [Code::Dying], "the last one has just failed");
}

#[test]
fn an_event_lost_twice_is_poison() {
    let worst = EventId(uuid::Uuid::from_u128(7));
    let of = |lease_losses| changed(|queue| queue.poison = Some(Poison { count: 1, worst, lease_losses }));
    assert_eq!((of(1), of(2)), (vec![], vec![Code::Poison]));
}

/// Which engines are zombies, `zombie.rs` says.
#[test]
fn zombies_ask_for_attention() {
    let most_silent = EngineId(uuid::Uuid::from_u128(7));
    let zombies = |count| {
        Some(Zombies { count, most_silent, silent_since: now() - TimeDelta::minutes(9), slots: 0, unlimited: count })
    };
    assert_eq!(changed(|queue| queue.zombies = zombies(0)), []);
    let mut queue = calm();
    queue.zombies = zombies(3);
    let item = of_queue(&queue, now()).remove(0);
    assert_eq!((item.code, item.count, item.since), (Code::Zombies, 3, Some(now() - TimeDelta::minutes(9))));
    assert_eq!(
        item.message,
        "3 engines of dialogue count as active, but have not asked for work for up to 9 min, although events are due"
    );
    assert_eq!(item.subject, Subject::queue("dialogue"));
    queue.zombies = zombies(1);
    let item = of_queue(&queue, now()).remove(0);
    assert_eq!(item.subject.engine_id, Some(most_silent), "one is named");
    assert!(item.what_to_do.ends_with(&format!("eventlease engines drain {}", most_silent.0)), "{}", item.what_to_do);
}

#[test]
fn new_dead_letters_ask_for_attention_where_they_are_many_and_far_more_than_usual() {
    let of = |count, of_day_before| {
        let new = NewDeadLetters { count, causes: 3, since: now(), of_day_before };
        changed(|queue| queue.new_dead_letters = Some(new))
    };
    assert_eq!((of(9, 0), of(10, 0)), (vec![], vec![Code::DeadLettersNew]));
    assert_eq!((of(100, 480), of(101, 480)), (vec![], vec![Code::DeadLettersNew]), "20 an hour are usual");
}

fn pause(since: DateTime<Utc>, resume_at: Option<DateTime<Utc>>) -> Pause {
    Pause { reason: Some("model upgrade".to_owned()), by: Some("anna".to_owned()), since, resume_at }
}

#[test]
fn a_pause_without_an_end_is_forgotten_after_an_hour() {
    let of = |minutes: i64, resume_at| {
        changed(|queue| queue.report.queue.pause = Some(pause(now() - TimeDelta::minutes(minutes), resume_at)))
    };
    assert_eq!((of(60, None), of(61, None)), (vec![], vec![Code::PausedLong]));
    assert_eq!(of(61, Some(now() + TimeDelta::minutes(1))), [], "it ends by itself");
    let mut queue = calm();
    queue.report.queue.pause = Some(pause(now() - TimeDelta::days(3), None));
    let item = of_queue(&queue, now()).remove(0);
    assert_eq!(item.message, "dialogue has been paused for 3 d by anna (model upgrade), with no end; 40 due events");
    queue.report.depth.due = 0;
    assert_eq!((item.severity, of_queue(&queue, now())[0].severity), (Severity::Warning, Severity::Notice));
}

#[test]
fn each_quarantined_version_is_an_item() {
    let quarantine = |version: Option<&str>| Quarantine {
        engine_software_version: version.map(str::to_owned),
        reason: "crashes".to_owned(),
        by: None,
        since: now(),
        lift_at: None,
    };
    let mut queue = calm();
    queue.report.queue.quarantines = vec![quarantine(Some("2.4.1")), quarantine(None)];
    let messages: Vec<String> = of_queue(&queue, now()).into_iter().map(|item| item.message).collect();
    assert_eq!(
        messages,
        [
            "engines of version 2.4.1 get nothing of dialogue: they are quarantined (crashes)",
            "engines without a version get nothing of dialogue: they are quarantined (crashes)"
        ]
    );
}
