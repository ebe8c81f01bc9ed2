//! Events are due and wait: nobody works on them, engines do not ask for them, or more come than end.

use chrono::{DateTime, Utc};

use super::failures::fails_mostly;
use super::item::{Code, Item, Severity, Subject};
use crate::domain::advised_command::command;
use crate::domain::counted::{counted, counted_are, the_oldest};
use crate::domain::limits::{
    FALLING_BEHIND_AGE_SECONDS, FALLING_BEHIND_GROWTH_SECONDS, FALLING_BEHIND_MINUTES, NOBODY_WORKS_AFTER_SECONDS,
};
use crate::domain::queue_activity::ActivityCounts;
use crate::domain::queue_report::QueueReport;
use crate::domain::snapshot::{Engines, QueueSnapshot, Zombies};
use crate::domain::spans::{before, in_words};

/// Engines that lease without being registered work as well.
fn is_worked_on(report: &QueueReport) -> bool {
    report.held_by_others() > 0 || report.last_minute.counts.completed > 0
}

/// No engine is active.
pub(super) fn nobody_works(queue: &QueueSnapshot, now: DateTime<Utc>) -> Option<Item> {
    let (report, name) = (&queue.report, &queue.report.queue.engine_type);
    let (depth, engines) = (&report.depth, Engines::of(report));
    let age = depth.oldest_due_age_seconds;
    let applies = report.queue.pause.is_none()
        && depth.due > 0
        && engines.active == 0
        // They come back by themselves.
        && engines.holding_off == 0
        && !is_worked_on(report)
        && age >= NOBODY_WORKS_AFTER_SECONDS;
    applies.then(|| {
        let others = [
            (engines.draining, "draining"),
            (engines.unresponsive, "unresponsive"),
            (engines.quarantined, "quarantined"),
        ];
        let others: Vec<String> =
            others.iter().filter(|(count, _)| *count > 0).map(|(count, how)| format!("{count} {how}")).collect();
        let others = if others.is_empty() { String::new() } else { format!(" ({})", others.join(", ")) };
        let version = if engines.quarantined > 0 { ", of a version that is not quarantined" } else { "" };
        Item {
            code: Code::NobodyWorks,
            severity: Severity::Critical,
            message: format!(
                "{name} has {} and no active engine{others}; {} has been due for {}",
                counted(depth.due, "due event"),
                the_oldest(depth.due),
                in_words(age)
            ),
            what_to_do: format!(
                "start engines of {name}{version}; if they run, see why they get nothing: {}",
                command("explain").about(name)
            ),
            subject: Subject::queue(name),
            since: Some(before(now, age)),
            count: depth.due,
        }
    })
}

/// Engines are active and do not ask. Where no other engine is, and nobody else works, nothing is done.
pub(super) fn zombies(queue: &QueueSnapshot, now: DateTime<Utc>) -> Option<Item> {
    let (report, name) = (&queue.report, &queue.report.queue.engine_type);
    let zombies = queue.zombies.filter(|zombies| zombies.count > 0)?;
    let silent = in_words((now - zombies.silent_since).as_seconds_f64());
    let engine_id = zombies.most_silent;
    let (message, subject) = match zombies.count {
        1 => (
            format!(
                "engine {engine_id} of {name} counts as active, but has not asked for work for {silent}, although events are due"
            ),
            Subject { engine_id: Some(engine_id), ..Subject::queue(name) },
        ),
        many => (
            format!(
                "{many} engines of {name} count as active, but have not asked for work for up to {silent}, although events are due"
            ),
            Subject::queue(name),
        ),
    };
    let nobody_else_works = zombies.count >= Engines::of(report).active && !is_worked_on(report);
    Some(Item {
        code: Code::Zombies,
        severity: if nobody_else_works { Severity::Critical } else { Severity::Warning },
        message,
        what_to_do: advice_on_zombies(name, &zombies),
        subject,
        since: Some(zombies.silent_since),
        count: zombies.count,
    })
}

/// What to do about engines that do not ask for work.
#[must_use]
pub fn advice_on_zombies(name: &str, zombies: &Zombies) -> String {
    let drain = command("engines drain").about(zombies.most_silent);
    if zombies.count == 1 {
        return format!("see what blocks its polls, and have it exit, so that it is started anew: {drain}");
    }
    let which = command("engines").switch("--zombie").flag("--engine-type", name);
    format!(
        "see which they are: {which}; see what blocks their polls, and have each exit, so that it is started anew: {drain}"
    )
}

/// The oldest event waits longer and longer.
pub(super) fn falling_behind(queue: &QueueSnapshot, now: DateTime<Utc>) -> Option<Item> {
    let (report, name) = (&queue.report, &queue.report.queue.engine_type);
    let age = report.depth.oldest_due_age_seconds;
    let earlier = queue.minutes.ago(FALLING_BEHIND_MINUTES)?;
    let applies = report.queue.pause.is_none()
        && report.depth.due > 0
        && !shrinks(queue)
        // More engines would not help, and just after the repair nothing is known.
        && !fails_mostly(queue)
        && age > FALLING_BEHIND_AGE_SECONDS
        && age >= earlier.oldest_due_age_seconds + FALLING_BEHIND_GROWTH_SECONDS;
    applies.then(|| {
        let minute = &report.last_minute;
        Item {
            code: Code::FallingBehind,
            severity: Severity::Warning,
            message: format!(
                "{name} gets {:.1} events a second, and {:.1} a second end; {} due, and {} has waited for {} and waits longer and longer",
                minute.per_second(minute.counts.enqueued),
                minute.per_second(minute.counts.ended()),
                counted_are(report.depth.due, "event"),
                the_oldest(report.depth.due),
                in_words(age)
            ),
            what_to_do: format!("{}: {}", what_helps(queue), command("explain").about(name)),
            subject: Subject::queue(name),
            since: Some(before(now, age)),
            count: report.depth.due,
        }
    })
}

/// More ends than comes. So it is with many events that came at once: the oldest one waits longer and longer until all are done.
const fn shrinks(queue: &QueueSnapshot) -> bool {
    let (minute, minutes) = (&queue.report.last_minute.counts, &queue.five_minutes);
    minutes.ended() > minutes.enqueued || shrank_in(minute)
}

/// After an outage, what ended in the five minutes says nothing, and the last minute decides, if its difference is no chance: counts of
/// what comes and ends at random differ by the root of their sum, and this is one and a half times as much.
const fn shrank_in(minute: &ActivityCounts) -> bool {
    let (came, ended) = (minute.enqueued, minute.ended());
    let more = ended - came;
    more > 0 && (came == 0 || 4 * more * more > 9 * (came + ended))
}

/// What makes a queue faster, as far as the snapshot shows it.
fn what_helps(queue: &QueueSnapshot) -> String {
    let report = &queue.report;
    let (name, engines, slots) = (&report.queue.engine_type, Engines::of(report), report.slots());
    let of_zombies = queue.zombies.map_or(0, |zombies| zombies.slots);
    let free = slots.free() - of_zombies;
    match report.queue.settings.max_processing {
        Some(most) if report.depth.in_flight >= most.into() => {
            format!("its limit of {} at a time is reached; see what follows", counted(most, "event"))
        }
        _ if engines.active == 0 && engines.holding_off > 0 => {
            "its engines asked to be given nothing for a while; see what they wait for".to_owned()
        }
        _ if free > 0 => {
            format!("its engines have {} free; see why they do not take more", counted(free, "slot"))
        }
        _ if slots.total > 0 && slots.unlimited_engines == 0 => {
            format!(
                "start more engines of {name}: {} of {} busy; see what else helps",
                slots.busy,
                counted_are(slots.total, "slot")
            )
        }
        _ => format!("start more engines of {name}; see what else helps"),
    }
}
