//! What somebody should see to: rules over a snapshot of the service, each with its bound in `limits`.

/// Events are due and wait.
mod work;
/// Attempts fail, and events die.
mod failures;
/// One thing to see to.
mod item;

use chrono::{DateTime, Utc};

use super::advised_command::{AdvisedCommand, command};
use super::counted::counted;
use super::database_health::warnings::Warning;
use super::limits::PAUSED_LONG_SECONDS;
use super::queue::Quarantine;
use super::snapshot::QueueSnapshot;
use super::spans::in_words;
use failures::{dead_letters_new, dying, poison};
pub use work::advice_on_zombies;
use work::{falling_behind, nobody_works, zombies};

pub use item::{Code, Item, Severity, Subject};

/// All that a queue needs somebody to see to. `now` is when it was measured.
#[must_use]
pub fn of_queue(queue: &QueueSnapshot, now: DateTime<Utc>) -> Vec<Item> {
    let rules = [nobody_works, dying, falling_behind, poison, zombies, dead_letters_new, paused_long];
    let mut found: Vec<Item> = rules.iter().filter_map(|rule| rule(queue, now)).collect();
    // It falls behind because of that: more engines would not help.
    if found.iter().any(|item| item.severity == Severity::Critical) {
        found.retain(|item| item.code != Code::FallingBehind);
    }
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
        subject: Subject::warning(warning),
        since: warning.since,
        count: 1,
    });
    items.collect()
}

/// The worst first, then what has lasted longest. The order does not depend on that of before.
pub fn rank(items: &mut [Item]) {
    items.sort_by(|a, b| {
        let place = |item: &Item| (item.severity, item.since.unwrap_or(DateTime::<Utc>::MAX_UTC), item.code);
        place(a).cmp(&place(b)).then_with(|| a.message.cmp(&b.message))
    });
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

#[cfg(test)]
mod tests;
