//! What is expected is held against a simulated queue, and each code against the page for operators.

use chrono::{DateTime, TimeDelta, Utc};

use super::Code;
use super::start::{Line, QueueLeases, expected};
use crate::domain::durations::DurationCounts;
use crate::domain::engine::{Standing, TypeSummary};
use crate::domain::queue::{Depth, Pause, Queue, QueueSettings};
use crate::domain::queue_activity::{ActivityCounts, LastMinute, RecentDurations};
use crate::domain::queue_report::QueueReport;
use crate::domain::retry_policy::RetryPolicyOverrides;
use crate::domain::snapshot::{Minutes, QueueSnapshot};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
}

fn after(seconds: f64) -> DateTime<Utc> {
    #[expect(clippy::cast_possible_truncation, reason = "small")]
    let milliseconds = (seconds * 1000.0) as i64;
    now() + TimeDelta::milliseconds(milliseconds)
}

/// An event in a simulated queue. Attempts take `job_seconds`, half as long and half as long again in turn.
#[derive(Clone, Copy)]
struct Situation {
    what: &'static str,
    slots: u16,
    busy: u16,
    job_seconds: f64,
    ahead: u16,
    due_in: f64,
    resumed_in: f64,
    max_processing: Option<u16>,
    /// For how long the engines have been at work: what they did in the last minute is known.
    worked_seconds: f64,
    /// Nobody reports: what is leased ends with its lease, in so many seconds.
    lease_ends_in: Option<f64>,
}

const CALM: Situation = Situation {
    what: "",
    slots: 4,
    busy: 0,
    job_seconds: 10.0,
    ahead: 0,
    due_in: 0.0,
    resumed_in: 0.0,
    max_processing: None,
    worked_seconds: 600.0,
    lease_ends_in: None,
};

const SITUATIONS: [Situation; 14] = [
    Situation { what: "a delay, and idle engines", due_in: 300.0, ..CALM },
    Situation { what: "a backoff, and engines at work", due_in: 40.0, busy: 3, ..CALM },
    Situation { what: "a pause with an end", resumed_in: 120.0, ..CALM },
    Situation { what: "a pause that outlasts a delay", resumed_in: 120.0, due_in: 60.0, ..CALM },
    Situation { what: "a delay that outlasts a pause", resumed_in: 30.0, due_in: 90.0, ..CALM },
    Situation { what: "behind 200 others", busy: 4, ahead: 200, ..CALM },
    Situation { what: "behind 200 others, after a pause", ahead: 200, resumed_in: 60.0, ..CALM },
    Situation { what: "behind a few, with free slots for some", slots: 10, busy: 6, ahead: 8, ..CALM },
    Situation { what: "behind others in a capped queue", busy: 2, ahead: 50, max_processing: Some(2), ..CALM },
    Situation { what: "next, where a cap is reached", busy: 2, max_processing: Some(2), job_seconds: 30.0, ..CALM },
    Situation { what: "engines that began lately", busy: 4, ahead: 60, worked_seconds: 20.0, ..CALM },
    Situation { what: "long jobs of many engines", slots: 50, busy: 50, ahead: 400, job_seconds: 45.0, ..CALM },
    Situation { what: "full, and nobody reports", busy: 4, worked_seconds: 0.0, lease_ends_in: Some(70.0), ..CALM },
    Situation { what: "nothing in its way", slots: 2, busy: 1, ..CALM },
];

/// When the event is leased: each slot takes the next event as soon as it is free.
fn simulated(situation: &Situation) -> f64 {
    let Situation { slots, busy, job_seconds, ahead, due_in, resumed_in, max_processing, .. } = *situation;
    let slots = max_processing.map_or(slots, |most| most.min(slots));
    let mut turn = 0_u32;
    let mut job = || {
        turn += 1;
        job_seconds * [0.5, 1.0, 1.5][(turn % 3) as usize]
    };
    // When each slot is free; those at work are in the middle of it.
    let mut free_at: Vec<f64> = (0..slots)
        .map(|slot| match situation.lease_ends_in {
            Some(end) if slot < busy => end,
            None if slot < busy => job() * (f64::from(slot) + 0.5) / f64::from(slots),
            _ => 0.0,
        })
        .collect();
    let mut take = |opens_at: f64| {
        let first = (0..free_at.len()).min_by(|a, b| free_at[*a].total_cmp(&free_at[*b])).expect("a slot");
        let begins = free_at[first].max(opens_at);
        free_at[first] = begins + job();
        begins
    };
    for _ in 0..ahead {
        take(resumed_in);
    }
    take(resumed_in.max(due_in))
}

fn queue_of(situation: &Situation) -> (QueueSnapshot, RecentDurations) {
    let Situation { slots, busy, job_seconds, ahead, resumed_in, max_processing, worked_seconds, .. } = *situation;
    let at_work = f64::from(max_processing.map_or(slots, |most| most.min(slots)));
    let lasted: f64 = worked_seconds.min(60.0);
    #[expect(clippy::cast_possible_truncation, reason = "small")]
    let completed = (at_work * lasted / job_seconds) as i64;
    let mut counts = DurationCounts::default();
    if completed > 0 {
        for times in [0.5, 1.0, 1.5] {
            counts.note(job_seconds * times);
        }
    }
    let mut durations = RecentDurations::default();
    durations.attempts.add(counts.as_slice());
    let pause =
        (resumed_in > 0.0).then(|| Pause { reason: None, by: None, since: now(), resume_at: Some(after(resumed_in)) });
    let queue = QueueSnapshot {
        report: QueueReport {
            queue: Queue {
                engine_type: "dialogue".to_owned(),
                settings: QueueSettings { max_processing: max_processing.map(u32::from), ..QueueSettings::default() },
                pause,
                quarantines: Vec::new(),
                server_policy: RetryPolicyOverrides::default(),
            },
            depth: Depth {
                engine_type: "dialogue".to_owned(),
                due: i64::from(ahead) + 1,
                in_flight: busy.into(),
                oldest_due_age_seconds: if ahead > 0 { worked_seconds } else { 1.0 },
                ..Depth::default()
            },
            engines: vec![TypeSummary {
                engine_type: "dialogue".to_owned(),
                standing: Standing::Active,
                is_quarantined: false,
                is_holding_off: false,
                engines: slots.into(),
                unlimited: 0,
                slots: slots.into(),
                leases_held: busy.into(),
                idle: i64::from(slots - busy),
            }],
            // Periods are counted whole, also where little happened in them.
            last_minute: LastMinute {
                counts: ActivityCounts { completed, ..ActivityCounts::default() },
                seconds: 60.0,
            },
        },
        counted_at: DateTime::UNIX_EPOCH,
        five_minutes: ActivityCounts { completed, ..ActivityCounts::default() },
        new_dead_letters: None,
        poison: None,
        zombies: None,
        minutes: Minutes::default(),
    };
    (queue, durations)
}

fn expected_of(situation: &Situation) -> Option<f64> {
    let (queue, durations) = queue_of(situation);
    let line = Line {
        now: now(),
        due_at: after(situation.due_in),
        queue: &queue,
        durations: &durations,
        can_take: i64::from(situation.slots - situation.busy),
        has_engines: true,
        ahead: situation.ahead.into(),
        leases: &QueueLeases { first_end: situation.lease_ends_in.map(after), ..QueueLeases::default() },
    };
    expected(&line).map(|at| (at - now()).as_seconds_f64())
}

#[test]
fn what_is_expected_is_within_a_factor_of_two_of_what_happens() {
    for situation in &SITUATIONS {
        let (happens, told) = (simulated(situation), expected_of(situation));
        let told = told.unwrap_or_else(|| panic!("{}: nothing is said", situation.what));
        // Nothing is measured in less than a second.
        let is_right = told <= happens * 2.0 + 1.0 && happens <= told * 2.0 + 1.0;
        assert!(is_right, "{}: {told} s, but it is {happens} s", situation.what);
    }
}

#[test]
fn a_lease_that_has_lasted_long_is_taken_to_last_as_long_again() {
    let of = |slots, ahead, leased_for: &[f64], first_end: Option<f64>| {
        let (queue, durations) = queue_of(&Situation { slots, busy: slots, ahead, job_seconds: 0.1, ..CALM });
        let began_at = leased_for.iter().map(|seconds| after(-seconds)).collect();
        let leases = QueueLeases { first_end: first_end.map(after), began_at, ..QueueLeases::default() };
        let (ahead, due_at) = (i64::from(ahead), now());
        let line = Line {
            now: now(),
            due_at,
            queue: &queue,
            durations: &durations,
            can_take: 0,
            has_engines: true,
            ahead,
            leases: &leases,
        };
        (expected(&line).expect("a time") - now()).as_seconds_f64()
    };
    let is_about =
        |seconds: f64, wanted: f64| assert!((seconds - wanted).abs() < 0.4 * wanted, "{seconds}, not {wanted}");
    is_about(of(1, 0, &[60.0], None), 60.0);
    is_about(of(1, 0, &[60.0], Some(20.0)), 20.0);
    is_about(of(1, 0, &[0.1], None), 0.1);
    is_about(of(1, 600, &[60.0], None), 120.0);
    // The first of them ends, and then its slot is at pace.
    is_about(of(3, 0, &[90.0, 60.0, 30.0], None), 30.0);
    is_about(of(3, 900, &[90.0, 60.0, 30.0], None), 90.0);
    // Others than it go on.
    is_about(of(4, 300, &[60.0, 0.1, 0.1], None), 10.0);
    // It does not hold the place for an engine's that is gone.
    is_about(of(1, 0, &[60.0, 50.0], None), 60.0);
}

#[test]
fn where_nothing_is_known_nothing_is_said() {
    let unknown = [
        ("full, and nothing has ever ended", Situation { busy: 4, worked_seconds: 0.0, ..CALM }),
        (
            "behind others, and nothing has ever ended",
            Situation { busy: 4, ahead: 3, worked_seconds: 0.0, lease_ends_in: Some(5.0), ..CALM },
        ),
        ("too deep to count", Situation { busy: 4, ahead: 10_001, ..CALM }),
    ];
    for (what, situation) in &unknown {
        assert_eq!(expected_of(situation), None, "{what}");
    }
    let (mut queue, durations) = queue_of(&Situation { resumed_in: 5.0, ..CALM });
    let of = |queue: &QueueSnapshot, has_engines| {
        expected(&Line {
            now: now(),
            due_at: now(),
            queue,
            durations: &durations,
            can_take: 4,
            has_engines,
            ahead: 0,
            leases: &QueueLeases::default(),
        })
    };
    assert_eq!(of(&queue, false), None, "nobody works");
    queue.report.queue.pause = Some(Pause { reason: None, by: None, since: now(), resume_at: None });
    assert_eq!(of(&queue, true), None, "a pause without an end");
}

/// A row of the table with what to do.
#[test]
fn each_code_is_explained_to_operators() {
    let page = include_str!("../../../docs/explain.md");
    for code in Code::ALL {
        let begin = format!("| `{}` |", code.as_str());
        let row = page.lines().find(|line| line.starts_with(&begin));
        let row = row.unwrap_or_else(|| panic!("docs/explain.md has no row for {}", code.as_str()));
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert!(cells.len() == 3 && cells.iter().all(|cell| !cell.is_empty()), "{row}");
    }
    let rows = page.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, Code::ALL.len(), "rows of codes that are none any more");
}
