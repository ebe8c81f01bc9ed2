//! Why one event is not worked on, or what its engine does with it.

use chrono::{DateTime, Utc};

use super::ended::{seconds_in_words, subject_of};
use super::reason::{Code, Explanation, Reason};
use super::start::{self, Line};
use super::supply::Supply;
use crate::domain::attention::Subject;
use crate::domain::counted::{are, counted, counted_are};
use crate::domain::database_health::warnings::Warning;
use crate::domain::engine::{Engine, EngineStatus};
use crate::domain::event::Event;
use crate::domain::lane::Lane;
use crate::domain::limits::MAX_EXACT_DEPTH;
use crate::domain::queue_activity::RecentDurations;
use crate::domain::snapshot::QueueSnapshot;
use crate::domain::spans::in_words;

/// A lease ends soon when less than that is left of it.
const ENDS_SOON_SECONDS: f64 = 10.0;
/// A lease is near its longest end when less than this share of its time is left.
const NEAR_LONGEST_SHARE: f64 = 0.1;
/// Of its heartbeat timeout: an engine that has sent nothing for longer is silent.
const SILENT_SHARE: f64 = 0.5;
/// The same for an engine without such a timeout.
const SILENT_SECONDS: f64 = 60.0;
/// Progress that was reported longer ago is old.
const OLD_PROGRESS_SECONDS: f64 = 300.0;
/// What is leased at once has waited for no longer than that many times what is usual.
const UNUSUAL_FACTOR: f64 = 3.0;
/// A shorter wait is never unusual: a claim may be under way.
const USUAL_WAIT_SECONDS: f64 = 5.0;

/// Where a queued event stands in its line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Its line: events with silent losses stand in others.
    pub lane: Lane,
    /// How many due events of its lane are leased before it; counted up to `MAX_EXACT_DEPTH`.
    pub ahead: i64,
    /// Of these, how many have a higher priority.
    pub ahead_by_priority: i64,
}

/// All that is known of a queued event.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// By the database's clock.
    pub now: DateTime<Utc>,
    /// The event.
    pub event: &'a Event,
    /// Where it stands in its line.
    pub place: Place,
    /// Its queue.
    pub queue: &'a QueueSnapshot,
    /// When that was measured.
    pub measured_at: DateTime<Utc>,
    /// How long its attempts and waits took in the last minute.
    pub durations: &'a RecentDurations,
    /// When the first lease of its queue runs out, where there is one that was never renewed.
    pub first_lease_end: Option<DateTime<Utc>>,
    /// What is known to be wrong with the database.
    pub warnings: &'a [Warning],
}

/// What the engine does that holds an event; `holder` is that engine, while it is registered.
#[must_use]
pub fn explain_held(event: &Event, holder: Option<&Engine>, now: DateTime<Utc>) -> Explanation {
    let id = event.event_id;
    let subject = || Subject { engine_id: event.leased_by, ..subject_of(event) };
    let ends_at = event.lease_expires_at.unwrap_or(now);
    let lasted = event.leased_at.map(|since| seconds_in_words(now - since)).unwrap_or_default();
    let who = event.leased_by.map_or("a caller that is no engine".to_owned(), |engine| format!("engine {engine}"));
    let mut found = Vec::new();
    let left = (ends_at - now).as_seconds_f64();
    if left <= 0.0 {
        let message = format!(
            "its lease ended {} ago, after {lasted}, without a report; the service takes it back with its next round",
            in_words(-left)
        );
        found.push(Reason::new(Code::LeaseOver, subject(), message).since(ends_at).decisive(
            "nothing for some seconds; if it stays so, no replica does its background work: eventlease doctor",
        ));
    } else {
        let message = format!(
            "{who} has held it for {lasted}, as attempt {}; its lease ends in {} unless it is renewed or reported",
            event.attempt,
            in_words(left)
        );
        found.push(
            Reason::new(Code::Held, subject(), message)
                .since(event.leased_at)
                .until(ends_at)
                .decisive(format!("wait for its engine; to see what it reports: eventlease events {id}")),
        );
    }
    if let Some(engine) = holder {
        let silent = (now - engine.last_seen_at).as_seconds_f64();
        let bound =
            engine.heartbeat_timeout_seconds.map_or(SILENT_SECONDS, |timeout| f64::from(timeout) * SILENT_SHARE);
        if engine.status == EngineStatus::Unresponsive || silent > bound {
            let message = format!("engine {} has sent nothing for {}", engine.engine_id, in_words(silent));
            found.push(
                Reason::new(Code::EngineSilent, subject(), message)
                    .since(engine.last_seen_at)
                    .with_advice(format!("see whether it still runs: eventlease engines {}", engine.engine_id)),
            );
        }
    }
    if let Some(at) = event.progress_at
        && (now - at).as_seconds_f64() > OLD_PROGRESS_SECONDS
    {
        let message = format!("the last progress of this attempt was reported {} ago", seconds_in_words(now - at));
        found.push(
            Reason::new(Code::ProgressOld, subject(), message)
                .since(at)
                .with_advice(format!("see whether it still gets on: eventlease events {id}")),
        );
    }
    if left > 0.0 && left < ENDS_SOON_SECONDS {
        let message = format!("its lease ends in {}; then it counts as lost", in_words(left));
        found.push(Reason::new(Code::LeaseEndsSoon, subject(), message).until(ends_at).with_advice(
            format!("its engine has to renew it or report; if attempts need longer: eventlease queues set {} --visibility-timeout-seconds", event.engine_type),
        ));
    }
    if let (Some(deadline), Some(since)) = (event.lease_deadline_at, event.leased_at) {
        let (left, whole) = ((deadline - now).as_seconds_f64(), (deadline - since).as_seconds_f64());
        if left > 0.0 && left < whole * NEAR_LONGEST_SHARE {
            let message = format!(
                "its lease can be renewed for another {} and no longer: it lasts {} at most",
                in_words(left),
                in_words(whole)
            );
            found.push(Reason::new(Code::NearLongestLease, subject(), message).until(deadline).with_advice(format!(
                "if such attempts may last longer: eventlease queues set {} --max-lease-seconds",
                event.engine_type
            )));
        }
    }
    if event.is_cancel_requested {
        let message = "it ends as cancelled with its lease: its cancellation was asked for while it was held";
        found.push(
            Reason::new(Code::CancelRequested, subject(), message)
                .until(ends_at)
                .with_advice("nothing: its engine is told, and at the latest its lease ends"),
        );
    }
    Explanation::of(now, None, found, None)
}

/// Why an event waits.
#[must_use]
pub fn explain_queued(facts: &Facts<'_>) -> Explanation {
    let Facts { now, event, queue, place, measured_at, .. } = *facts;
    let report = &queue.report;
    let supply = Supply::of(queue);
    let mut found = Vec::new();
    let due_at = event.available_at.unwrap_or(now);
    let is_due = due_at <= now;
    if !is_due {
        found.push(not_due_yet(event, due_at, now));
    }
    found.extend(paused(Code::QueuePaused, queue, now));
    let next_end = next_end(facts.first_lease_end.filter(|_| is_due), now);
    found.extend(capped(Code::QueueCapped, queue, &next_end));
    found.extend(supply.without_engines(now));
    found.extend(supply.silent(Code::EnginesDoNotAsk, now));
    if is_due {
        found.extend(supply.full(Code::EnginesFull, report.wanted_slots(facts.durations), &next_end));
    }
    let is_blocked = found.iter().any(|reason| reason.is_decisive);
    if is_due {
        found.extend(travels_alone(event, place, &supply, is_blocked));
        let is_blocked = found.iter().any(|reason| reason.is_decisive);
        found.extend(behind_others(event, place, &supply, is_blocked));
    }
    let stops = database(facts.warnings, event);
    let is_stopped = stops.iter().any(|reason| reason.is_decisive);
    let expected = (!is_stopped)
        .then(|| {
            start::expected(&Line {
                now,
                due_at,
                queue,
                durations: facts.durations,
                can_take: supply.can_take(),
                has_engines: supply.has_active()
                    && !waits_for_an_idle_engine(place, &supply)
                    && !found.iter().any(|reason| reason.code == Code::EnginesDoNotAsk && reason.is_decisive),
                ahead: place.ahead,
                first_lease_end: facts.first_lease_end,
            })
        })
        .flatten();
    let mut expected = expected.filter(|at| event.discard_at.is_none_or(|discard_at| *at < discard_at));
    found.extend(discarded(event, now));
    if !is_stopped && !found.iter().any(|reason| reason.is_decisive) {
        let (reason, is_usual) = would_be_soon(event, due_at, facts);
        found.push(reason);
        expected = expected.filter(|_| is_usual);
    }
    found.extend(stops);
    Explanation::of(now, Some(measured_at), found, expected)
}

fn not_due_yet(event: &Event, due_at: DateTime<Utc>, now: DateTime<Utc>) -> Reason {
    let left = seconds_in_words(due_at - now);
    let why = if event.attempt == 0 {
        "as was asked for when it was enqueued or rescheduled".to_owned()
    } else if event.failures + event.lease_losses > 0 {
        format!("it waits after attempt {}, before it is tried again", event.attempt)
    } else if event.redrives > 0 {
        "a redrive put it there".to_owned()
    } else {
        format!("attempt {} was given back with a delay", event.attempt)
    };
    Reason::new(Code::NotDueYet, subject_of(event), format!("it becomes due in {left}: {why}"))
        .until(due_at)
        .decisive(format!("wait; or have it leased now: eventlease events change {} --now", event.event_id))
}

/// The queue gives out nothing.
pub(super) fn paused(code: Code, queue: &QueueSnapshot, now: DateTime<Utc>) -> Option<Reason> {
    let name = &queue.report.queue.engine_type;
    let pause = queue.report.queue.pause.as_ref()?;
    let by = pause.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let reason = pause.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let end =
        pause.resume_at.map_or("without an end".to_owned(), |at| format!("for another {}", seconds_in_words(at - now)));
    let message = format!("{name} has been paused for {}{by}{reason}, {end}", seconds_in_words(now - pause.since));
    let reason = Reason::new(code, Subject::queue(name), message).since(pause.since).until(pause.resume_at);
    Some(reason.decisive(format!("once what it was paused for is over: eventlease resume {name}")))
}

/// When room may come at the latest.
fn next_end(first_lease_end: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    let left = |end: DateTime<Utc>| in_words((end - now).as_seconds_f64());
    first_lease_end
        .map(|end| format!("; the first lease runs out in {} unless it is renewed or reported", left(end)))
        .unwrap_or_default()
}

/// As many events are processed as may be.
pub(super) fn capped(code: Code, queue: &QueueSnapshot, next_end: &str) -> Option<Reason> {
    let report = &queue.report;
    let name = &report.queue.engine_type;
    let most = i64::from(report.queue.settings.max_processing?);
    (report.depth.in_flight >= most).then(|| {
        let (held, are) = (report.depth.in_flight, are(report.depth.in_flight));
        let message = format!(
            "{} of {name} {are} processed now, and no more than {most} may be at a time{next_end}",
            counted(held, "event")
        );
        Reason::new(code, Subject::queue(name), message).decisive(format!(
            "wait for one of them to end; if what they use can bear more: eventlease queues set {name} --max-processing"
        ))
    })
}

/// It is leased alone, and no engine is idle.
const fn waits_for_an_idle_engine(place: Place, supply: &Supply<'_>) -> bool {
    matches!(place.lane, Lane::Isolated) && !supply.has_idle()
}

fn travels_alone(event: &Event, place: Place, supply: &Supply<'_>, is_blocked: bool) -> Option<Reason> {
    let name = &event.engine_type;
    let how = match place.lane {
        Lane::Normal => return None,
        Lane::OnePerEngine => "is given to an engine that holds no other such event",
        Lane::Isolated => "is given only to an engine that holds nothing, and alone",
    };
    let before = match place.ahead {
        0 => "no such event stands before it".to_owned(),
        ahead => format!("{} before it", counted_are(ahead, "such event")),
    };
    let losses = counted(event.lease_losses, "time");
    let message = format!("it was lost {losses} without a report, so it {how}; {before}");
    let reason = Reason::new(Code::TravelsAlone, subject_of(event), message);
    let what_to_do = format!(
        "see what became of its attempts: eventlease events {}; if it kills its engines, cancel it; more engines of {name} would take it sooner",
        event.event_id
    );
    let decides = !is_blocked && (place.ahead > 0 || waits_for_an_idle_engine(place, supply));
    Some(if decides { reason.decisive(what_to_do) } else { reason.with_advice(what_to_do) })
}

fn behind_others(event: &Event, place: Place, supply: &Supply<'_>, is_blocked: bool) -> Option<Reason> {
    if place.ahead == 0 || place.lane != Lane::Normal {
        return None;
    }
    let number = |count: i64| {
        if count > MAX_EXACT_DEPTH {
            format!("more than {MAX_EXACT_DEPTH} events are")
        } else {
            counted_are(count, "event")
        }
    };
    let by_priority = match place.ahead_by_priority {
        0 => String::new(),
        count => format!(", {count} of them of a higher priority than its {}", event.priority),
    };
    let message = format!("{} before it in {}{by_priority}", number(place.ahead), event.engine_type);
    let reason = Reason::new(Code::BehindOthers, subject_of(event), message);
    let what_to_do = format!(
        "wait, or start more engines of {}; to have it leased first: eventlease events change {} --priority 9",
        event.engine_type, event.event_id
    );
    let decides = !is_blocked && place.ahead >= supply.can_take();
    Some(if decides { reason.decisive(what_to_do) } else { reason.with_advice(what_to_do) })
}

/// Nothing is in its way, and whether that is as it should be.
fn would_be_soon(event: &Event, due_at: DateTime<Utc>, facts: &Facts<'_>) -> (Reason, bool) {
    let waited = (facts.now - due_at).as_seconds_f64();
    let usual = facts.durations.waits.quantile(0.9).unwrap_or(0.0).max(USUAL_WAIT_SECONDS);
    let is_usual = waited <= UNUSUAL_FACTOR * usual;
    let (message, what_to_do) = if is_usual {
        (format!("nothing is in its way; it has been due for {}", in_words(waited)), "wait some seconds".to_owned())
    } else {
        (
            format!(
                "nothing is in its way, but it has been due for {}, where {} would be usual: this should not be",
                in_words(waited),
                in_words(usual)
            ),
            "see whether the database is well, and whether the engines ask for work: eventlease doctor".to_owned(),
        )
    };
    (Reason::new(Code::WouldBeSoon, subject_of(event), message).since(due_at).decisive(what_to_do), is_usual)
}

fn discarded(event: &Event, now: DateTime<Utc>) -> Option<Reason> {
    let discard_at = event.discard_at?;
    let left = (discard_at - now).as_seconds_f64();
    let advice = "nothing, if it is of no use by then; else remove first what keeps it waiting";
    Some(if left > 0.0 {
        let message = format!("it is cancelled in {} if no engine has leased it once", in_words(left));
        Reason::new(Code::DiscardedAt, subject_of(event), message).until(discard_at).with_advice(advice)
    } else {
        let message = format!("it was to be leased until {} ago, and is about to be cancelled", in_words(-left));
        Reason::new(Code::DiscardedAt, subject_of(event), message)
            .until(discard_at)
            .decisive("enqueue it again if it is still of use")
    })
}

/// What is wrong with the database. What stops the service decides, after all else that can be seen.
fn database(warnings: &[Warning], event: &Event) -> Vec<Reason> {
    of_database(warnings, &subject_of(event))
}

/// The same of a queue.
pub(super) fn of_database(warnings: &[Warning], subject: &Subject) -> Vec<Reason> {
    let reasons = warnings.iter().map(|warning| {
        let reason = Reason::new(Code::Database, subject.clone(), warning.message.clone());
        let what_to_do = "eventlease doctor says more";
        if warning.code.stops_the_queue() { reason.decisive(what_to_do) } else { reason.with_advice(what_to_do) }
    });
    reasons.collect()
}
