//! Attempts fail, events die, or an event takes its engines with it.

use chrono::{DateTime, Utc};

use super::item::{Code, Item, Severity, Subject};
use crate::domain::advised_command::command;
use crate::domain::counted::{agreeing, counted, times};
use crate::domain::limits::{
    DYING_MIN_ATTEMPTS, DYING_SHARE, MIN_NEW_DEAD_LETTERS, NEW_DEAD_LETTERS_FACTOR, POISON_LEASE_LOSSES,
};
use crate::domain::numbers::to_f64;
use crate::domain::queue_activity::ActivityCounts;
use crate::domain::snapshot::QueueSnapshot;

/// Most attempts fail or are lost.
pub(super) fn dying(queue: &QueueSnapshot, _now: DateTime<Utc>) -> Option<Item> {
    let name = &queue.report.queue.engine_type;
    let counts = &queue.five_minutes;
    let (bad, all) = bad_of_all(counts);
    (fails_mostly(queue) && !is_over(queue)).then(|| {
        let lost = if counts.lost > 0 { format!(", {} of them without a report", counts.lost) } else { String::new() };
        Item {
            code: Code::Dying,
            severity: Severity::Critical,
            message: format!("{bad} of {} of {name} failed in the last 5 minutes{lost}", counted(all, "attempt")),
            what_to_do: format!(
                "see of what: {}; quarantine a bad version, or pause the queue until what its engines call works again",
                command("explain").about(name)
            ),
            subject: Subject::queue(name),
            since: None,
            count: bad,
        }
    })
}

/// Most attempts of the last five minutes failed or were lost, and they were enough to say so.
pub(super) fn fails_mostly(queue: &QueueSnapshot) -> bool {
    let (bad, all) = bad_of_all(&queue.five_minutes);
    all >= DYING_MIN_ATTEMPTS && to_f64(bad) > DYING_SHARE * to_f64(all)
}

/// Attempts that failed or were lost, and all that ended in a completion, a failure or a loss.
const fn bad_of_all(counts: &ActivityCounts) -> (i64, i64) {
    let bad = counts.failed + counts.lost;
    (bad, bad + counts.completed)
}

/// The last minute shows that attempts no longer fail, or that none are made, so that nobody has to wait for the five minutes to pass.
/// Where none ended although there is work, as while all of it waits to be tried again, nothing is shown yet.
fn is_over(queue: &QueueSnapshot) -> bool {
    let report = &queue.report;
    let (bad, all) = bad_of_all(&report.last_minute.counts);
    if all >= DYING_MIN_ATTEMPTS {
        return to_f64(bad) <= DYING_SHARE * to_f64(all);
    }
    let has_work = report.depth.due + report.depth.delayed + report.depth.in_flight > 0;
    let is_idle = report.queue.pause.is_some() || !has_work;
    bad == 0 && (all > 0 || is_idle)
}

/// An event was lost in silence again and again.
pub(super) fn poison(queue: &QueueSnapshot, _now: DateTime<Utc>) -> Option<Item> {
    let name = &queue.report.queue.engine_type;
    let poison = queue.poison.filter(|poison| poison.lease_losses >= POISON_LEASE_LOSSES)?;
    let subject = Subject { event_id: Some(poison.worst), ..Subject::queue(name) };
    let often = times(poison.lease_losses);
    let others = match poison.count - 1 {
        0 => String::new(),
        more => format!("; {more} more of that queue {} lost repeatedly too", agreeing(more, "was", "were")),
    };
    Some(Item {
        code: Code::Poison,
        severity: Severity::Warning,
        message: format!("event {} of {name} was lost {often} without a report of its engine{others}", poison.worst),
        what_to_do: format!(
            "{}; if it kills engines: {}",
            command("events").about(poison.worst),
            command("cancel").about(poison.worst)
        ),
        subject,
        since: None,
        count: poison.count,
    })
}

/// Far more events died in the last hour than usual, and are still there.
pub(super) fn dead_letters_new(queue: &QueueSnapshot, _now: DateTime<Utc>) -> Option<Item> {
    let name = &queue.report.queue.engine_type;
    let new = queue.new_dead_letters.as_ref()?;
    let usual = to_f64(new.of_day_before) / 24.0;
    let applies = new.count >= MIN_NEW_DEAD_LETTERS && to_f64(new.count) > NEW_DEAD_LETTERS_FACTOR * usual;
    applies.then(|| Item {
        code: Code::DeadLettersNew,
        severity: Severity::Warning,
        message: format!("{} of {name}, with {}", counted(new.count, "new dead letter"), counted(new.causes, "cause")),
        what_to_do: format!(
            "{}; once repaired: {}",
            command("dead-letters groups").flag("--engine-type", name),
            command("dead-letters redrive").flag("--engine-type", name).flag("--canary", 10)
        ),
        subject: Subject::queue(name),
        since: Some(new.since),
        count: new.count,
    })
}
