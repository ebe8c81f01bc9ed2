//! Every reason and every item of attention, in each of its wordings, about so many events, engines and the like: for the tests of what they
//! say.

use chrono::TimeDelta;
use uuid::Uuid;

use super::Reason;
use super::asked::Asked;
use super::ended::{Cancellation, explain_ended};
use super::event::{Facts, Place, explain_queued};
use super::held::explain_held;
use super::plain_facts::{ago, attempt, calm_queue, now, queued_event};
use super::queue;
use super::start::QueueLeases;
use crate::domain::attempt::Attempt;
use crate::domain::attention::{Item, of_database, of_queue};
use crate::domain::database_health::warnings::{Warning, WarningCode};
use crate::domain::dead_letters::MainCause;
use crate::domain::durations::DurationCounts;
use crate::domain::engine::{Description, Engine, EngineStatus, Standing, TypeSummary};
use crate::domain::event::{DeadLetterReason, Event, Outcome, Status};
use crate::domain::ids::{EngineId, EventId};
use crate::domain::lane::Lane;
use crate::domain::queue::{Pause, Quarantine};
use crate::domain::queue_activity::{ActivityCounts, RecentDurations};
use crate::domain::snapshot::{MinutePoint, NewDeadLetters, Poison, QueueSnapshot, Zombies};

/// A version that a shell would take apart, and that begins like a flag.
const VERSION: &str = "-1; it's new";

fn engines(name: &str, standing: Standing, engines: i64, held: i64, slots: i64) -> TypeSummary {
    TypeSummary {
        engine_type: name.to_owned(),
        standing,
        is_quarantined: standing == Standing::Quarantined,
        is_holding_off: standing == Standing::HoldingOff,
        engines,
        unlimited: 0,
        slots,
        leases_held: held,
        idle: engines.saturating_sub(held).max(0),
    }
}

fn an_engine(name: &str) -> Engine {
    let object = || serde_json::from_str("{}").expect("an object");
    Engine {
        engine_id: EngineId(Uuid::from_u128(9)),
        engine_type: name.to_owned(),
        status: EngineStatus::Unresponsive,
        last_heartbeat: None,
        current_workload: None,
        scenario_run_id: None,
        may_enqueue: Vec::new(),
        description: Description { static_config: object(), dynamic_state: object() },
        incarnation: 1,
        registered_at: ago(3600),
        last_seen_at: ago(100),
        last_poll_at: None,
        leases_held: 1,
        heartbeat_timeout_seconds: None,
        drain: None,
        holding_off: None,
        is_quarantined: false,
    }
}

/// Queues with that many of everything that can be counted.
fn queues(name: &str, n: i64) -> Vec<QueueSnapshot> {
    let mut found = Vec::new();
    let mut add = |change: &dyn Fn(&mut QueueSnapshot)| {
        let mut queue = calm_queue(name);
        let depth = &mut queue.report.depth;
        (depth.due, depth.delayed, depth.suspects, depth.oldest_due_age_seconds) = (n, n, n, 400.0);
        change(&mut queue);
        found.push(queue);
    };
    let quarantine = |version: Option<&str>| Quarantine {
        engine_software_version: version.map(str::to_owned),
        reason: "crashes".to_owned(),
        by: Some("anna".to_owned()),
        since: ago(60),
        lift_at: None,
    };
    let pause = |resume_at| Some(Pause { reason: None, by: None, since: ago(7200), resume_at });
    add(&|_| {});
    add(&|queue| queue.report.depth.due = 0);
    add(&|queue| queue.report.queue.pause = pause(None));
    add(&|queue| queue.report.queue.pause = pause(Some(now() + TimeDelta::minutes(3))));
    add(&|queue| {
        queue.report.queue.settings.max_processing = u32::try_from(n.max(1)).ok();
        queue.report.depth.in_flight = n.max(1);
    });
    // Each standing alone, then all of them together.
    let standings = [Standing::Unresponsive, Standing::Draining, Standing::Quarantined, Standing::HoldingOff];
    for standing in standings {
        add(&|queue| queue.report.engines = vec![engines(name, standing, n, n, n)]);
        add(&|queue| {
            queue.report.engines = vec![engines(name, standing, n, n, n)];
            queue.report.queue.quarantines = vec![quarantine(Some(VERSION))];
        });
    }
    // Some are draining, of a quarantined version and holding off all at once.
    add(&|queue| {
        let all = engines(name, Standing::Draining, n, 0, n);
        queue.report.engines = vec![TypeSummary { is_quarantined: true, is_holding_off: true, ..all }];
        queue.report.queue.quarantines = vec![quarantine(Some(VERSION))];
    });
    add(&|queue| {
        queue.report.engines = standings.map(|standing| engines(name, standing, n, 0, n)).to_vec();
        queue.report.queue.quarantines = vec![quarantine(Some(VERSION)), quarantine(None)];
    });
    // Active ones: idle, full, and such without a limit.
    for (held, slots, unlimited) in [(0, n, 0), (n, n, 0), (n, n, n)] {
        let active = TypeSummary { unlimited, ..engines(name, Standing::Active, n, held, slots) };
        add(&|queue| queue.report.engines = vec![active.clone()]);
        // They leave its events alone, or did some lately.
        add(&|queue| {
            queue.report.engines = vec![active.clone()];
            queue.report.last_minute.counts.completed = n + 1;
        });
        add(&|queue| {
            queue.report.engines = vec![active.clone()];
            let zombies = Zombies {
                count: n,
                most_silent: EngineId(Uuid::from_u128(9)),
                silent_since: ago(90),
                slots: 0,
                unlimited: 0,
            };
            queue.zombies = Some(zombies);
        });
        add(&|queue| {
            queue.report.engines = vec![active.clone()];
            for minute in 0..=10_i32 {
                let oldest_due_age_seconds = f64::from(minute) * 40.0;
                queue.minutes.push(Some(MinutePoint { due: n, oldest_due_age_seconds }));
            }
        });
    }
    let counts = [
        ActivityCounts { failed: 40, lost: n, dead_lettered: n, ..ActivityCounts::default() },
        ActivityCounts { completed: 20, lost: n.max(2), late: n, ..ActivityCounts::default() },
        ActivityCounts { enqueued: 40, completed: n, ..ActivityCounts::default() },
        ActivityCounts { enqueued: 20, released: 40, completed: 30, ..ActivityCounts::default() },
    ];
    for five_minutes in counts {
        add(&|queue| queue.five_minutes = five_minutes);
    }
    add(&|queue| {
        let lease_losses = i32::try_from(n.max(2)).expect("few");
        queue.poison = Some(Poison { count: n.max(1), worst: EventId(Uuid::from_u128(7)), lease_losses });
        let new = NewDeadLetters { count: 10 + n, causes: n, since: ago(600), of_day_before: 0 };
        queue.new_dead_letters = Some(new);
    });
    found
}

/// Events with that many attempts, failures and losses, each with what is known of its last attempt.
fn queued_events(name: &str, n: i64) -> Vec<(Event, Option<Attempt>)> {
    let number = i32::try_from(n).expect("few");
    let plain = || Event { attempt: number, failures: number, lease_losses: number, ..queued_event(name) };
    let later = now() + TimeDelta::minutes(10);
    let delayed = |next_available_at, final_status, outcome| {
        let last = Attempt { next_available_at, final_status, ..attempt(number, outcome) };
        (Event { available_at: Some(later), ..plain() }, Some(last))
    };
    let discarded = |at| Event { discard_at: Some(at), ..plain() };
    vec![
        (plain(), None),
        (discarded(later), None),
        (discarded(ago(1)), None),
        (Event { available_at: Some(later), ..plain() }, None),
        delayed(Some(later), None, Outcome::Failed),
        delayed(Some(later), None, Outcome::Released),
        delayed(Some(later), None, Outcome::Expired),
        delayed(Some(ago(1)), None, Outcome::Failed),
        delayed(None, Some(Status::Failed), Outcome::Failed),
    ]
}

fn of_queued_events(name: &str, n: i64, warnings: &[Warning]) -> Vec<Reason> {
    let mut found = Vec::new();
    let mut durations = RecentDurations::default();
    let mut counts = DurationCounts::default();
    counts.note(2.0);
    durations.attempts.add(counts.as_slice());
    let places = [
        (Lane::Normal, 0, 0),
        (Lane::Normal, n, 0),
        (Lane::Normal, n, n),
        (Lane::Normal, n + 1, n),
        (Lane::OnePerEngine, n, 0),
        (Lane::Isolated, n, 0),
    ];
    for queue in &queues(name, n) {
        for (event, last_attempt) in &queued_events(name, n) {
            for (lane, ahead, ahead_by_priority) in places {
                let asked = asked_of(n);
                let facts = Facts {
                    now: now(),
                    event,
                    place: Place { lane, ahead, ahead_by_priority },
                    queue,
                    measured_at: now(),
                    durations: &durations,
                    last_attempt: last_attempt.as_ref(),
                    leases: &QueueLeases {
                        first_end: Some(now() + TimeDelta::seconds(n)),
                        began_at: vec![ago(n)],
                        suspect_holders: n,
                    },
                    asked: asked.as_ref(),
                    last_seen_at: Some(ago(n)),
                    warnings,
                };
                found.extend(explain_queued(&facts).reasons);
            }
        }
    }
    found
}

fn of_queues(name: &str, n: i64, warnings: &[Warning]) -> Vec<Reason> {
    let mut durations = RecentDurations::default();
    let mut counts = DurationCounts::default();
    counts.note(20.0);
    durations.attempts.add(counts.as_slice());
    let cause = MainCause {
        error_type: None,
        error_fingerprint: None,
        engine_software_version: Some(VERSION.to_owned()),
        count: n,
        all_count: n,
        causes: n,
        sample_message: None,
    };
    let explained = |queue: &QueueSnapshot, usual_attempt_seconds| {
        queue::explain(&queue::Facts {
            now: now(),
            queue,
            measured_at: now(),
            durations: &durations,
            usual_attempt_seconds,
            main_cause: Some(&cause),
            asked: asked_of(n).as_ref(),
            last_seen_at: Some(ago(n)),
            warnings,
        })
    };
    let queues = queues(name, n);
    queues.iter().flat_map(|queue| [Some(1.0), None].map(|usual| explained(queue, usual).reasons)).flatten().collect()
}

fn of_held_events(name: &str, n: i64) -> Vec<Reason> {
    let number = i32::try_from(n).expect("few");
    let mut found = Vec::new();
    for leased_by in [None, Some(EngineId(Uuid::from_u128(9)))] {
        for expires_in in [-n, 1, 100] {
            let event = Event {
                attempt: number,
                status: Status::Processing,
                leased_by,
                is_leased: true,
                leased_at: Some(ago(3600)),
                lease_expires_at: Some(now() + TimeDelta::seconds(expires_in)),
                lease_deadline_at: Some(now() + TimeDelta::seconds(100)),
                progress_at: Some(ago(600)),
                is_cancel_requested: true,
                ..queued_event(name)
            };
            let holder = leased_by.map(|_| an_engine(name));
            found.extend(explain_held(&event, holder.as_ref(), now()).reasons);
        }
    }
    found
}

fn of_ended_events(name: &str, n: i64) -> Vec<Reason> {
    let number = i32::try_from(n).expect("few");
    let ended = |status| Event {
        status,
        attempt: number,
        failures: number,
        lease_losses: number,
        finished_at: Some(ago(n)),
        ..queued_event(name)
    };
    let failed = |dead_letter_reason, redriven_as| Event { dead_letter_reason, redriven_as, ..ended(Status::Failed) };
    let copy = Some(EventId(Uuid::from_u128(8)));
    let mut events = vec![ended(Status::Completed), failed(None, None), failed(None, copy)];
    events.extend(DeadLetterReason::ALL.iter().map(|reason| failed(Some(*reason), None)));
    let mut found: Vec<Reason> = Vec::new();
    for event in &events {
        found.extend(explain_ended(event, Cancellation::Unknown, now()).reasons);
    }
    let cancellations = [
        Cancellation::TooOld,
        Cancellation::Alone,
        Cancellation::WithItsRun,
        Cancellation::WithOthers(ago(5)),
        Cancellation::Unknown,
    ];
    for cancellation in cancellations {
        found.extend(explain_ended(&ended(Status::Cancelled), cancellation, now()).reasons);
    }
    found
}

/// All reasons about a queue of that name.
pub fn reasons(name: &str, n: i64) -> Vec<Reason> {
    let warnings = WarningCode::ALL.iter().map(|code| Warning::new(*code, "it is slow"));
    let warnings: Vec<Warning> = warnings.collect();
    let mut found = of_queued_events(name, n, &[]);
    found.extend(of_queued_events(name, n, &warnings));
    found.extend(of_queues(name, n, &[]));
    found.extend(of_queues(name, n, &warnings));
    found.extend(of_held_events(name, n));
    found.extend(of_ended_events(name, n));
    found
}

/// All items of attention about a queue of that name.
pub fn items(name: &str, n: i64) -> Vec<Item> {
    let warnings = [Warning::new(WarningCode::OldSnapshot, "it is slow")];
    let mut found = of_database(&warnings);
    found.extend(queues(name, n).iter().flat_map(|queue| of_queue(queue, now())));
    found
}

/// Of so many engines: none has asked, one lately, or the half of them.
fn asked_of(n: i64) -> Option<Asked> {
    let of = |never, latest_at| Some(Asked { engines: n, never, latest_at });
    match n {
        0 => None,
        1 => of(1, None),
        _ => of(n / 2, Some(ago(12))),
    }
}
