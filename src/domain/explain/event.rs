//! Why one event is not worked on, or what its engine does with it.

use chrono::{DateTime, Utc};

use super::asked::{self, Asked};
use super::not_due::not_due_yet;
use super::reason::{Code, Explanation, Reason};
use super::said::{seconds_in_words, subject_of};
use super::start::{self, Line, QueueLeases};
use super::supply::Supply;
use crate::domain::advised_command::{AdvisedCommand, command};
use crate::domain::attempt::Attempt;
use crate::domain::attention::Subject;
use crate::domain::counted::{agreeing, are, counted, counted_are, times};
use crate::domain::database_health::warnings::Warning;
use crate::domain::event::Event;
use crate::domain::lane::Lane;
use crate::domain::limits::{MAX_CONCURRENT_EVENTS, MAX_EXACT_DEPTH, MAX_PRIORITY};
use crate::domain::queue_activity::RecentDurations;
use crate::domain::snapshot::QueueSnapshot;
use crate::domain::spans::in_words;

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
    /// Its latest attempt that has ended.
    pub last_attempt: Option<&'a Attempt>,
    /// What is leased of its queue.
    pub leases: &'a QueueLeases,
    /// When engines that could take its queue's events last asked for some; `None` where that was not looked up, as they are worked on.
    pub asked: Option<&'a Asked>,
    /// When an engine of its queue was last seen, where none is active and that is known.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// What is known to be wrong with the database.
    pub warnings: &'a [Warning],
}

/// Why an event waits.
#[must_use]
pub fn explain_queued(facts: &Facts<'_>) -> Explanation {
    let Facts { now, event, queue, place, measured_at, .. } = *facts;
    let report = &queue.report;
    let supply = Supply::of(queue, facts.last_seen_at);
    let mut found = Vec::new();
    let due_at = event.available_at.unwrap_or(now);
    let is_due = due_at <= now;
    if !is_due {
        found.push(not_due_yet(event, facts.last_attempt, due_at, now));
    }
    found.extend(paused(Code::QueuePaused, queue, now));
    let next_end = next_end(facts.leases.first_end.filter(|_| is_due), now);
    found.extend(capped(Code::QueueCapped, queue, &next_end));
    found.extend(supply.without_engines(now));
    found.extend(supply.silent(Code::EnginesDoNotAsk, now));
    found.extend(supply.full(Code::EnginesFull, report.wanted_slots(facts.durations), &next_end));
    let is_blocked = found.iter().any(|reason| reason.is_decisive);
    let can_take = supply.can_take_suspects(place.lane, facts.leases.suspect_holders);
    found.extend(travels_alone(event, place, can_take, &supply, is_blocked));
    let is_blocked = found.iter().any(|reason| reason.is_decisive);
    found.extend(behind_others(event, place, &supply, is_blocked));
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
                    && (place.lane == Lane::Normal || place.ahead < can_take)
                    && !found.iter().any(|reason| reason.code == Code::EnginesDoNotAsk && reason.is_decisive),
                ahead: place.ahead,
                leases: facts.leases,
            })
        })
        .flatten();
    let mut expected = expected.filter(|at| event.discard_at.is_none_or(|discard_at| *at < discard_at));
    found.extend(discarded(event, now));
    if !is_stopped && !found.iter().any(|reason| reason.is_decisive) {
        let (reason, is_usual) = would_be_soon(event, due_at, facts, &supply);
        found.push(reason);
        expected = expected.filter(|_| is_usual);
    }
    found.extend(stops);
    Explanation::of(now, Some(measured_at), found, expected)
}

/// The queue gives out nothing.
pub(super) fn paused(code: Code, queue: &QueueSnapshot, now: DateTime<Utc>) -> Option<Reason> {
    let name = &queue.report.queue.engine_type;
    let pause = queue.report.queue.pause.as_ref()?;
    let by = pause.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let reason = pause.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let end = pause
        .resume_at
        .map_or("without an end".to_owned(), |at| format!("and stays so for another {}", seconds_in_words(at - now)));
    let message = format!("{name} has been paused for {}{by}{reason}, {end}", seconds_in_words(now - pause.since));
    let reason = Reason::new(code, Subject::queue(name), message).since(pause.since).until(pause.resume_at);
    Some(reason.decisive(format!("once what it was paused for is over: {}", command("resume").about(name))))
}

/// The command that changes a queued event.
fn change(event: &Event) -> AdvisedCommand {
    command("events change").about(event.event_id)
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
        let more = most.saturating_mul(2).min(i64::from(MAX_CONCURRENT_EVENTS));
        Reason::new(code, Subject::queue(name), message).decisive(format!(
            "wait for {} to end; if what the engines use can bear more: {}",
            agreeing(held, "it", "one of them"),
            command("queues set").about(name).flag("--max-processing", more)
        ))
    })
}

/// `can_take` is how many such events engines can take now.
fn travels_alone(event: &Event, place: Place, can_take: i64, supply: &Supply<'_>, is_blocked: bool) -> Option<Reason> {
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
    let losses = times(event.lease_losses);
    let room = match can_take {
        0 if supply.has_active() => "; no engine can take one now".to_owned(),
        _ => String::new(),
    };
    let message = format!("it was lost {losses} without a report, so it {how}; {before}{room}");
    let reason = Reason::new(Code::TravelsAlone, subject_of(event), message);
    let what_to_do = format!(
        "see what became of its attempts: {}; if it kills its engines, cancel it; more engines of {name} would take it sooner",
        command("events").about(event.event_id)
    );
    let decides = !is_blocked && place.ahead >= can_take && !supply.is_left_to_others();
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
        count => {
            let of_them = if count == place.ahead { String::new() } else { format!("{count} of them ") };
            format!(", {of_them}of a higher priority than its {}", event.priority)
        }
    };
    let message = format!("{} before it in {}{by_priority}", number(place.ahead), event.engine_type);
    let reason = Reason::new(Code::BehindOthers, subject_of(event), message);
    let more = format!("wait, or start more engines of {}", event.engine_type);
    let what_to_do = if event.priority < MAX_PRIORITY {
        format!("{more}; to have it leased first: {}", change(event).flag("--priority", MAX_PRIORITY))
    } else {
        more
    };
    let decides = !is_blocked && place.ahead >= supply.can_take();
    Some(if decides { reason.decisive(what_to_do) } else { reason.with_advice(what_to_do) })
}

/// Nothing is in its way, and whether that is as it should be.
fn would_be_soon(event: &Event, due_at: DateTime<Utc>, facts: &Facts<'_>, supply: &Supply<'_>) -> (Reason, bool) {
    let waited = (facts.now - due_at).as_seconds_f64();
    if supply.is_left_to_others() {
        let message = format!(
            "it has been due for {}, and is leased when a caller without an engine's id asks again",
            in_words(waited)
        );
        let what_to_do = "wait; if that takes too long, see whether these callers still run";
        return (Reason::new(Code::WouldBeSoon, subject_of(event), message).since(due_at).decisive(what_to_do), true);
    }
    let usual = facts.durations.waits.quantile(0.9).unwrap_or(0.0).max(USUAL_WAIT_SECONDS);
    let is_usual = waited <= UNUSUAL_FACTOR * usual;
    let name = &event.engine_type;
    let (message, what_to_do) = if facts.queue.report.stands() && !is_usual {
        (
            format!(
                "it has been due for {}, where {} would be usual, and no event of {name} is being worked on{}",
                in_words(waited),
                in_words(usual),
                asked::in_a_clause(facts.asked, facts.now)
            ),
            asked::what_to_do(name),
        )
    } else if is_usual {
        (format!("nothing is in its way; it has been due for {}", in_words(waited)), "wait some seconds".to_owned())
    } else {
        (
            format!(
                "nothing is in its way, but it has been due for {}, where {} would be usual: this should not be",
                in_words(waited),
                in_words(usual)
            ),
            format!("see whether the database is well, and whether the engines ask for work: {}", command("doctor")),
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
        let what_to_do = format!("see what else it says: {}", command("doctor"));
        if warning.code.stops_the_queue() { reason.decisive(what_to_do) } else { reason.with_advice(what_to_do) }
    });
    reasons.collect()
}
