//! What somebody should see to: rules over a snapshot of the service, each with its bound in `limits`.

/// One thing to see to.
mod item;

use std::cmp::Reverse;

use chrono::{DateTime, TimeDelta, Utc};

use super::advised_command::{AdvisedCommand, command, engines_of};
use super::counted::{agreeing, counted, counted_are, the_oldest, times};
use super::database_health::warnings::Warning;
use super::limits::{
    DYING_MIN_ATTEMPTS, DYING_SHARE, FALLING_BEHIND_AGE_SECONDS, FALLING_BEHIND_GROWTH_SECONDS, FALLING_BEHIND_MINUTES,
    MIN_NEW_DEAD_LETTERS, NEW_DEAD_LETTERS_FACTOR, NOBODY_WORKS_AFTER_SECONDS, PAUSED_LONG_SECONDS,
    POISON_LEASE_LOSSES,
};
use super::numbers::to_f64;
use super::queue::Quarantine;
use super::snapshot::{Engines, QueueSnapshot, Zombies};
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
        what_to_do: format!("see what else it says: {}", command("doctor")),
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
                "{name} has {} and no active engine{others}; {} has been due for {}",
                counted(depth.due, "due event"),
                the_oldest(depth.due),
                in_words(age)
            ),
            what_to_do: format!(
                "start engines of {name}; if they run, their logs say why they are not registered or fell silent; see which are: {}",
                engines_of(name)
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
                "see what they fail of: {}; quarantine a bad version, or pause the queue until what its engines call works again",
                command("dead-letters groups").flag("--engine-type", name)
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
                "{name} gets {:.1} events a second and completes {:.1}; {} due, and {} has waited for {} and waits longer and longer",
                minute.per_second(minute.counts.enqueued),
                minute.per_second(minute.counts.completed),
                counted_are(report.depth.due, "event"),
                the_oldest(report.depth.due),
                in_words(age)
            ),
            what_to_do: if slots.free() > 0 {
                let explain = command("explain").about(name);
                format!("{} free, so see why no more is taken: {explain}", counted_are(slots.free(), "slot"))
            } else if slots.total == 1 {
                format!("start more engines of {name}: the only slot is busy")
            } else {
                format!("start more engines of {name}: all {} slots are busy", slots.total)
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
    let often = times(poison.lease_losses.into());
    let others = match poison.count - 1 {
        0 => String::new(),
        more => format!("; {more} more of that queue {} lost repeatedly too", agreeing(more, "was", "were")),
    };
    Some(Item {
        code: Code::Poison,
        severity: Severity::Warning,
        message: format!("event {} of {name} was lost {often} without a report of its engine{others}", poison.worst),
        what_to_do: format!(
            "see its attempts: {}; if it kills engines: {}",
            command("events").about(poison.worst),
            command("cancel").about(poison.worst)
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
    let (message, subject) = match zombies.count {
        1 => (
            format!(
                "engine {engine_id} of {name} is alive and has not asked for work for {silent}, although events are due"
            ),
            Subject { engine_id: Some(engine_id), ..Subject::queue(name) },
        ),
        many => (
            format!(
                "{many} engines of {name} are alive and have not asked for work for up to {silent}, although events are due"
            ),
            Subject::queue(name),
        ),
    };
    Some(Item {
        code: Code::Zombies,
        severity: Severity::Warning,
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
            "see what they died of: {}; once repaired: {}",
            command("dead-letters groups").flag("--engine-type", name),
            command("dead-letters redrive").flag("--engine-type", name).flag("--canary", 10)
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
                "to go on: {}; or give it an end: {}",
                command("resume").about(name),
                command("pause").about(name).flag("--resume-after-seconds", 3600)
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
    let by = quarantine.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    Item {
        code: Code::VersionQuarantined,
        severity: Severity::Notice,
        message: format!("{which} get nothing of {name}: they are quarantined{by} ({})", quarantine.reason),
        what_to_do: format!("once another version is deployed, lift it: {}", lift(name, quarantine)),
        subject: Subject {
            engine_software_version: quarantine.engine_software_version.clone(),
            ..Subject::queue(name)
        },
        since: Some(quarantine.since),
        count: 1,
    }
}

/// The command that lifts a quarantine.
#[must_use]
pub fn lift(name: &str, quarantine: &Quarantine) -> AdvisedCommand {
    command("queues lift").about(name).version(quarantine.engine_software_version.as_deref())
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
