//! What somebody should see to: rules over a snapshot of the service, each with its bound in `limits`.

/// One thing to see to.
mod item;

use std::cmp::Reverse;

use chrono::{DateTime, TimeDelta, Utc};

use super::counted::{counted, counted_are};
use super::database_health::warnings::Warning;
use super::limits::{
    DYING_MIN_ATTEMPTS, DYING_SHARE, FALLING_BEHIND_AGE_SECONDS, FALLING_BEHIND_GROWTH_SECONDS, FALLING_BEHIND_MINUTES,
    MIN_NEW_DEAD_LETTERS, NEW_DEAD_LETTERS_FACTOR, NOBODY_WORKS_AFTER_SECONDS, PAUSED_LONG_SECONDS,
    POISON_LEASE_LOSSES,
};
use super::numbers::to_f64;
use super::queue::Quarantine;
use super::shell_word::shell_word;
use super::snapshot::{Engines, QueueSnapshot};
use super::spans::in_words;

pub use item::{Code, Item, Severity, Subject};

/// All that a queue needs somebody to see to. `now` is when it was measured.
#[must_use]
pub fn of_queue(queue: &QueueSnapshot, now: DateTime<Utc>) -> Vec<Item> {
    let rules = [nobody_works, dying, falling_behind, poison, zombies, dead_letters_new, paused_long];
    let mut found: Vec<Item> = rules.iter().filter_map(|rule| rule(queue, now)).collect();
    let quarantines = &queue.report.queue.quarantines;
    found.extend(quarantines.iter().map(|quarantine| version_quarantined(&queue.report.queue.engine_type, quarantine)));
    found
}

/// One item for each warning about the database.
#[must_use]
pub fn of_database(warnings: &[Warning]) -> Vec<Item> {
    let items = warnings.iter().map(|warning| Item {
        code: Code::Database,
        severity: if warning.code.stops_the_queue() { Severity::Critical } else { Severity::Warning },
        message: warning.message.clone(),
        what_to_do: "run eventlease doctor".to_owned(),
        subject: Subject::default(),
        since: None,
        count: 1,
    });
    items.collect()
}

/// The worst first, then what has lasted longest.
pub fn rank(items: &mut [Item]) {
    items.sort_by(|a, b| {
        let place = |item: &Item| (item.severity, item.since.unwrap_or(DateTime::<Utc>::MAX_UTC), item.code);
        place(a).cmp(&place(b)).then_with(|| Reverse(a.count).cmp(&Reverse(b.count)))
    });
}

fn nobody_works(queue: &QueueSnapshot, now: DateTime<Utc>) -> Option<Item> {
    let (report, name) = (&queue.report, &queue.report.queue.engine_type);
    let (depth, engines) = (&report.depth, Engines::of(report));
    let age = depth.oldest_due_age_seconds;
    let held_by_engines: i64 = report.engines.iter().map(|engines| engines.leases_held).sum();
    // Those that lease without being registered work as well.
    let is_worked_on = depth.in_flight > held_by_engines || report.last_minute.counts.completed > 0;
    let applies = report.queue.pause.is_none()
        && depth.due > 0
        && engines.active == 0
        // They come back by themselves.
        && engines.holding_off == 0
        && !is_worked_on
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
        Item {
            code: Code::NobodyWorks,
            severity: Severity::Critical,
            message: format!(
                "{name} has {} and no active engine{others}; the oldest has been due for {}",
                counted(depth.due, "due event"),
                in_words(age)
            ),
            what_to_do: format!(
                "start engines of {name}; if they run, their logs say why they are not registered or fell silent: eventlease engines --engine-type {name}"
            ),
            subject: Subject::queue(name),
            since: Some(before(now, age)),
            count: depth.due,
        }
    })
}

fn dying(queue: &QueueSnapshot, _now: DateTime<Utc>) -> Option<Item> {
    let name = &queue.report.queue.engine_type;
    let counts = &queue.five_minutes;
    let bad = counts.failed + counts.lost;
    let all = bad + counts.completed;
    let applies = all >= DYING_MIN_ATTEMPTS && to_f64(bad) > DYING_SHARE * to_f64(all);
    applies.then(|| {
        let lost = if counts.lost > 0 { format!(", {} of them without a report", counts.lost) } else { String::new() };
        Item {
            code: Code::Dying,
            severity: Severity::Critical,
            message: format!("{bad} of {} of {name} failed in the last 5 minutes{lost}", counted(all, "attempt")),
            what_to_do: format!(
                "eventlease dead-letters groups --engine-type {name}; quarantine a bad version, or pause the queue until what its engines call works again"
            ),
            subject: Subject::queue(name),
            since: None,
            count: bad,
        }
    })
}

fn falling_behind(queue: &QueueSnapshot, now: DateTime<Utc>) -> Option<Item> {
    let (report, name) = (&queue.report, &queue.report.queue.engine_type);
    let (age, engines) = (report.depth.oldest_due_age_seconds, Engines::of(report));
    let earlier = queue.minutes.ago(FALLING_BEHIND_MINUTES)?;
    let applies = report.queue.pause.is_none()
        && report.depth.due > 0
        // That is another item.
        && (engines.active > 0 || engines.holding_off > 0)
        && !shrinks(queue)
        && age > FALLING_BEHIND_AGE_SECONDS
        && age >= earlier.oldest_due_age_seconds + FALLING_BEHIND_GROWTH_SECONDS;
    applies.then(|| {
        let minute = &report.last_minute;
        let slots = report.slots();
        Item {
            code: Code::FallingBehind,
            severity: Severity::Warning,
            message: format!(
                "{name} gets {:.1} events a second and completes {:.1}; {} due, and the oldest has waited for {} and waits longer and longer",
                minute.per_second(minute.counts.enqueued),
                minute.per_second(minute.counts.completed),
                counted_are(report.depth.due, "event"),
                in_words(age)
            ),
            what_to_do: if slots.free() > 0 {
                format!("its engines have {} free: see why they do not take more: eventlease queues {name}", counted(slots.free(), "slot"))
            } else {
                format!("start more engines of {name}: all {} are busy", counted(slots.total, "slot"))
            },
            subject: Subject::queue(name),
            since: Some(before(now, age)),
            count: report.depth.due,
        }
    })
}

/// More is completed than comes. So it is with many events that came at once: the oldest one waits longer and longer until all are done.
const fn shrinks(queue: &QueueSnapshot) -> bool {
    let (minute, minutes) = (&queue.report.last_minute.counts, &queue.five_minutes);
    minutes.completed > minutes.enqueued || (minute.completed > 0 && minute.enqueued == 0)
}

fn poison(queue: &QueueSnapshot, _now: DateTime<Utc>) -> Option<Item> {
    let name = &queue.report.queue.engine_type;
    let poison = queue.poison.filter(|poison| poison.lease_losses >= POISON_LEASE_LOSSES)?;
    let subject = Subject { event_id: Some(poison.worst), ..Subject::queue(name) };
    let times = counted(poison.lease_losses, "time");
    let others = match poison.count - 1 {
        0 => String::new(),
        more => format!("; {more} more of that queue {} lost repeatedly too", if more == 1 { "was" } else { "were" }),
    };
    Some(Item {
        code: Code::Poison,
        severity: Severity::Warning,
        message: format!("event {} of {name} was lost {times} without a report of its engine{others}", poison.worst),
        what_to_do: format!(
            "eventlease events {}; if it kills engines: eventlease cancel {}",
            poison.worst, poison.worst
        ),
        subject,
        since: None,
        count: poison.count,
    })
}

fn zombies(queue: &QueueSnapshot, now: DateTime<Utc>) -> Option<Item> {
    let name = &queue.report.queue.engine_type;
    let zombies = queue.zombies.filter(|zombies| zombies.count > 0)?;
    let silent = in_words((now - zombies.silent_since).as_seconds_f64());
    let engine_id = zombies.most_silent;
    let (message, what_to_do, subject) = match zombies.count {
        1 => (
            format!(
                "engine {engine_id} of {name} is alive and has not asked for work for {silent}, although events are due"
            ),
            format!(
                "see what blocks its polls, and have it exit, so that it is started anew: eventlease engines drain {engine_id}"
            ),
            Subject { engine_id: Some(engine_id), ..Subject::queue(name) },
        ),
        many => (
            format!(
                "{many} engines of {name} are alive and have not asked for work for up to {silent}, although events are due"
            ),
            format!(
                "see which they are: eventlease engines --zombie --engine-type {name}; see what blocks their polls, and have each exit, so that it is started anew: eventlease engines drain {engine_id}"
            ),
            Subject::queue(name),
        ),
    };
    Some(Item {
        code: Code::Zombies,
        severity: Severity::Warning,
        message,
        what_to_do,
        subject,
        since: Some(zombies.silent_since),
        count: zombies.count,
    })
}

fn dead_letters_new(queue: &QueueSnapshot, _now: DateTime<Utc>) -> Option<Item> {
    let name = &queue.report.queue.engine_type;
    let new = queue.new_dead_letters.as_ref()?;
    let usual = to_f64(new.of_day_before) / 24.0;
    let applies = new.count >= MIN_NEW_DEAD_LETTERS && to_f64(new.count) > NEW_DEAD_LETTERS_FACTOR * usual;
    applies.then(|| Item {
        code: Code::DeadLettersNew,
        severity: Severity::Warning,
        message: format!(
            "{} of {name} since {} UTC, with {}",
            counted(new.count, "new dead letter"),
            new.since.format("%H:%M"),
            counted(new.error_types, "error type")
        ),
        what_to_do: format!(
            "eventlease dead-letters groups --engine-type {name}; once repaired: eventlease dead-letters redrive --engine-type {name} --canary 10"
        ),
        subject: Subject::queue(name),
        since: Some(new.since),
        count: new.count,
    })
}

fn paused_long(queue: &QueueSnapshot, now: DateTime<Utc>) -> Option<Item> {
    let (report, name) = (&queue.report, &queue.report.queue.engine_type);
    let pause = report.queue.pause.as_ref().filter(|pause| pause.resume_at.is_none())?;
    let lasted = (now - pause.since).as_seconds_f64();
    (lasted > PAUSED_LONG_SECONDS).then(|| {
        let by = pause.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        let reason = pause.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let waiting = report.depth.due;
        let due = if waiting > 0 { format!("; {}", counted(waiting, "due event")) } else { String::new() };
        Item {
            code: Code::PausedLong,
            severity: if waiting > 0 { Severity::Warning } else { Severity::Notice },
            message: format!("{name} has been paused for {}{by}{reason}, with no end{due}", in_words(lasted)),
            what_to_do: format!(
                "eventlease resume {name}; or give it an end: eventlease pause {name} --resume-after-seconds 3600"
            ),
            subject: Subject::queue(name),
            since: Some(pause.since),
            count: waiting,
        }
    })
}

fn version_quarantined(name: &str, quarantine: &Quarantine) -> Item {
    let version = quarantine.engine_software_version.as_deref();
    let which =
        version.map_or("engines without a version".to_owned(), |version| format!("engines of version {version}"));
    let flag = version
        .map_or("--without-version".to_owned(), |version| format!("--engine-software-version {}", shell_word(version)));
    let by = quarantine.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    Item {
        code: Code::VersionQuarantined,
        severity: Severity::Notice,
        message: format!("{which} get nothing of {name}: they are quarantined{by} ({})", quarantine.reason),
        what_to_do: format!("once another version is deployed, lift it: eventlease queues lift {name} {flag}"),
        subject: Subject {
            engine_software_version: quarantine.engine_software_version.clone(),
            ..Subject::queue(name)
        },
        since: Some(quarantine.since),
        count: 1,
    }
}

fn before(now: DateTime<Utc>, seconds: f64) -> DateTime<Utc> {
    #[expect(clippy::cast_possible_truncation, reason = "ages are far below 2^63 milliseconds")]
    let span = TimeDelta::milliseconds((seconds * 1000.0) as i64);
    now - span
}

#[cfg(test)]
mod calm_day;
#[cfg(test)]
mod tests;
