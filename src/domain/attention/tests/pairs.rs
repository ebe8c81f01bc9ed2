//! Every two items of a queue: both are shown, or one is left out, and the table says why. An item is left out where it is another one in
//! different words: what removes the other removes it too.

use chrono::TimeDelta;

use super::{calm, codes, engines, minutes, now, pause};
use crate::domain::attention::{Code, Item, Severity, Subject, of_queue};
use crate::domain::engine::Standing;
use crate::domain::ids::{EngineId, EventId};
use crate::domain::queue::Quarantine;
use crate::domain::queue_activity::{ActivityCounts, LastMinute};
use crate::domain::snapshot::{NewDeadLetters, Poison, QueueSnapshot, Zombies};

type Change = fn(&mut QueueSnapshot);

/// What each item takes. Those of the database are about no queue.
const CAUSES: [(Code, Change); 8] = [
    (Code::NobodyWorks, |queue| {
        queue.report.engines = vec![engines(Standing::Unresponsive, 3)];
        queue.report.last_minute.counts.completed = 0;
        queue.report.depth.oldest_due_age_seconds = queue.report.depth.oldest_due_age_seconds.max(60.0);
    }),
    (Code::Dying, |queue| {
        queue.five_minutes = ActivityCounts { enqueued: 2000, failed: 1900, lost: 90, ..ActivityCounts::default() };
        if queue.report.queue.pause.is_none() {
            queue.report.last_minute.counts =
                ActivityCounts { enqueued: 400, failed: 400, ..ActivityCounts::default() };
        }
    }),
    (Code::FallingBehind, |queue| {
        queue.report.depth.oldest_due_age_seconds = 900.0;
        queue.minutes = minutes((0..20).map(|n| f64::from(n) * 45.0));
        queue.five_minutes.enqueued = 4000;
        queue.report.last_minute.counts.enqueued = 800;
    }),
    (Code::Poison, |queue| {
        queue.poison = Some(Poison { count: 2, worst: EventId(uuid::Uuid::from_u128(7)), lease_losses: 3 });
    }),
    (Code::Zombies, |queue| {
        let most_silent = EngineId(uuid::Uuid::from_u128(8));
        let silent_since = now() - TimeDelta::minutes(9);
        queue.zombies = Some(Zombies { count: 1, most_silent, silent_since, slots: 1, unlimited: 0 });
    }),
    (Code::DeadLettersNew, |queue| {
        let since = now() - TimeDelta::minutes(50);
        queue.new_dead_letters = Some(NewDeadLetters { count: 900, causes: 3, since, of_day_before: 10 });
    }),
    (Code::PausedLong, |queue| {
        queue.report.queue.pause = Some(pause(now() - TimeDelta::hours(3), None));
        // Nothing ends in a queue that has been paused for so long.
        queue.report.last_minute = LastMinute::default();
    }),
    (Code::VersionQuarantined, |queue| {
        queue.report.queue.quarantines.push(Quarantine {
            engine_software_version: Some("2.4.1".to_owned()),
            reason: "crashes".to_owned(),
            by: None,
            since: now() - TimeDelta::minutes(30),
            lift_at: None,
        });
    }),
];

/// The second one is left out beside the first. Of all other pairs, both are shown: each has a remedy of its own, and stays when the
/// other one is repaired. So `dying` says that attempts fail now, and `dead_letters_new` what is left to redrive once they do not.
const LEFT_OUT: [(Code, Code, &str); 5] = [
    (Code::NobodyWorks, Code::FallingBehind, "events wait longer and longer since nobody works on them"),
    (Code::Dying, Code::FallingBehind, "events wait longer and longer since they are tried again and again"),
    (Code::PausedLong, Code::FallingBehind, "events wait longer and longer since nothing is given out"),
    (Code::PausedLong, Code::NobodyWorks, "nobody is needed while nothing is given out"),
    (Code::PausedLong, Code::Dying, "no attempts are made while nothing is given out"),
];

/// No queue has both.
const IMPOSSIBLE: [(Code, Code, &str); 2] = [
    (Code::NobodyWorks, Code::Zombies, "a zombie is an active engine"),
    (Code::Zombies, Code::PausedLong, "no engine of a paused queue is a zombie"),
];

fn is_of(pair: &(Code, Code, &str), a: Code, b: Code) -> bool {
    (pair.0, pair.1) == (a, b) || (pair.0, pair.1) == (b, a)
}

fn with(causes: &[Change]) -> QueueSnapshot {
    let mut queue = calm();
    for cause in causes {
        cause(&mut queue);
    }
    queue
}

#[test]
fn each_cause_alone_is_one_item() {
    let of_queues: Vec<Code> = CAUSES.iter().map(|(code, _)| *code).collect();
    let all: Vec<Code> = Code::ALL.into_iter().filter(|code| *code != Code::Database).collect();
    assert!(all.iter().all(|code| of_queues.contains(code)), "a cause for each code: {of_queues:?}");
    for (code, cause) in CAUSES {
        assert_eq!(codes(&with(&[cause])), [code]);
    }
}

#[test]
fn of_every_two_items_both_are_shown_or_the_table_says_which_is_left_out() {
    for (place, (a, cause_a)) in CAUSES.into_iter().enumerate() {
        for (b, cause_b) in CAUSES.into_iter().skip(place + 1) {
            if IMPOSSIBLE.iter().any(|pair| is_of(pair, a, b)) {
                continue;
            }
            let left_out = LEFT_OUT.iter().find(|pair| is_of(pair, a, b));
            let expected: Vec<Code> =
                [a, b].into_iter().filter(|code| left_out.is_none_or(|pair| pair.1 != *code)).collect();
            for causes in [[cause_a, cause_b], [cause_b, cause_a]] {
                let items = of_queue(&with(&causes), now());
                let mut shown: Vec<Code> = items.iter().map(|item| item.code).collect();
                shown.sort();
                assert_eq!(shown, expected, "{a:?} and {b:?}: {}", left_out.map_or("both", |pair| pair.2));
                if let [one, other] = items.as_slice() {
                    assert_ne!(one.what_to_do, other.what_to_do, "{a:?} and {b:?}");
                }
            }
        }
    }
}

#[test]
fn what_two_queues_need_is_shown_of_both() {
    for (code, cause) in CAUSES {
        let mut other = with(&[cause]);
        other.report.queue.engine_type = "vision".to_owned();
        let subjects = |queue: &QueueSnapshot| -> Vec<(Code, Subject)> {
            of_queue(queue, now()).into_iter().map(|Item { code, subject, .. }| (code, subject)).collect()
        };
        let (of_one, of_other) = (subjects(&with(&[cause])), subjects(&other));
        assert_eq!((of_one.len(), of_one[0].0, of_other[0].0), (1, code, code));
        assert_ne!(of_one, of_other);
    }
}

#[test]
fn where_all_active_engines_are_zombies_nothing_is_done_and_that_is_all_there_is_to_say() {
    let all = |queue: &mut QueueSnapshot| {
        let most_silent = EngineId(uuid::Uuid::from_u128(8));
        let silent_since = now() - TimeDelta::minutes(9);
        queue.report.last_minute.counts.completed = 0;
        queue.report.depth.in_flight = 0;
        queue.zombies = Some(Zombies { count: 3, most_silent, silent_since, slots: 15, unlimited: 0 });
    };
    let [(_, _), (_, _), (_, falls_behind), ..] = CAUSES;
    let items = of_queue(&with(&[falls_behind, all]), now());
    assert_eq!(
        items.iter().map(|item| (item.code, item.severity)).collect::<Vec<_>>(),
        [(Code::Zombies, Severity::Critical)]
    );
    let some_work = |queue: &mut QueueSnapshot| queue.zombies.as_mut().expect("zombies").count = 2;
    let items = of_queue(&with(&[all, some_work]), now());
    assert_eq!(items.iter().map(|item| item.severity).collect::<Vec<_>>(), [Severity::Warning]);
}

#[test]
fn each_quarantined_version_and_the_engines_that_get_nothing_for_it_are_shown() {
    let [(_, abandoned), .., (_, quarantined)] = CAUSES;
    let none_is_left = |queue: &mut QueueSnapshot| queue.report.engines = vec![engines(Standing::Quarantined, 3)];
    let items = of_queue(&with(&[abandoned, quarantined, none_is_left]), now());
    assert_eq!(items.iter().map(|item| item.code).collect::<Vec<_>>(), [Code::NobodyWorks, Code::VersionQuarantined]);
    assert!(items[0].what_to_do.starts_with("start engines of dialogue, of a version that is not quarantined; "));
}
