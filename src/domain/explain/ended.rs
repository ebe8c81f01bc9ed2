//! How an event ended.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::reason::{Code, Explanation, Reason};
use super::said::{seconds_in_words, subject_of};
use crate::domain::advised_command::command;
use crate::domain::counted::counted;
use crate::domain::event::{Event, Status};

/// What cancelled an event, as far as its last attempt and the audit trail show it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cancellation {
    /// No engine leased it in time.
    TooOld,
    /// Somebody cancelled it by its id.
    Alone,
    /// Somebody cancelled its scenario run.
    WithItsRun,
    /// Somebody cancelled it with others by a filter, which was recorded then.
    WithOthers(DateTime<Utc>),
    /// The audit trail has nothing of it, or no longer.
    Unknown,
}

/// How an event ended. `cancellation` is what cancelled it, if that is how.
#[must_use]
pub fn explain_ended(event: &Event, cancellation: Cancellation, now: DateTime<Utc>) -> Explanation {
    let ago = event.finished_at.map(|at| format!(" {} ago", seconds_in_words(now - at))).unwrap_or_default();
    let attempts = counted(event.attempt, "attempt");
    let id = event.event_id;
    let (message, what_to_do) = match (event.status, event.dead_letter_reason, event.redriven_as) {
        (Status::Completed, ..) => (
            format!("it completed{ago}, after {attempts}"),
            format!("nothing; to see its result: {}", command("events").about(id)),
        ),
        (Status::Failed, reason, Some(copy)) => (
            format!(
                "it failed{ago} ({} after {attempts}) and was redriven as {copy}",
                reason.map_or("a dead letter", |reason| reason.in_words())
            ),
            format!("see the other event: {}", command("explain").about(copy)),
        ),
        (Status::Failed, Some(reason), None) => {
            let error = match (&event.error_type, &event.error_message) {
                (Some(kind), Some(message)) => format!("; the last error was {kind}: {message}"),
                (Some(text), None) | (None, Some(text)) => format!("; the last error was {text}"),
                (None, None) => String::new(),
            };
            (
                format!(
                    "it is a dead letter since it failed{ago}: {} after {attempts} ({}, {}){error}",
                    reason.in_words(),
                    counted(event.failures, "failure"),
                    counted(event.lease_losses, "silent loss"),
                ),
                format!("once its cause is repaired: {}", command("dead-letters redrive").about(id)),
            )
        }
        (Status::Failed, None, None) => (
            format!("it failed{ago}, after {attempts}, and is no dead letter any more"),
            "nothing: it was discarded; if it is needed, enqueue it again".to_owned(),
        ),
        (Status::Cancelled | Status::Queued | Status::Processing, ..) => cancelled(event, cancellation, &ago),
    };
    let reason = Reason::new(Code::Ended, subject_of(event), message).since(event.finished_at).decisive(what_to_do);
    Explanation::of(now, None, vec![reason], None)
}

/// That it was cancelled, and where to see by whom.
fn cancelled(event: &Event, cancellation: Cancellation, ago: &str) -> (String, String) {
    let was = format!("it was cancelled{ago}");
    let audit = command("audit");
    let run = event.scenario_run_id.as_deref().unwrap_or_default();
    match cancellation {
        Cancellation::TooOld => (
            format!("{was}: no engine had leased it in time"),
            format!(
                "enqueue it again if it is still of use; see whether engines come: {}",
                command("explain").about(&event.engine_type)
            ),
        ),
        Cancellation::Alone => {
            (was, format!("nothing; to see who cancelled it: {}", audit.flag("--subject", event.event_id)))
        }
        Cancellation::WithItsRun => (
            format!("{was} with its scenario run {run}"),
            format!("nothing; to see who cancelled the run: {}", audit.flag("--subject", run)),
        ),
        Cancellation::WithOthers(recorded_at) => {
            let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
            let audit = audit.flag("--action", "cancel_events").flag("--recorded-after", time(recorded_at));
            let audit = audit.flag("--recorded-before", time(recorded_at + TimeDelta::microseconds(1)));
            (format!("{was}, by a call that cancelled others too"), format!("nothing; to see who called: {audit}"))
        }
        Cancellation::Unknown => {
            (was, "nothing; who cancelled it is not known: the audit trail has nothing of it".to_owned())
        }
    }
}
