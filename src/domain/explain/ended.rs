//! How an event ended, and what the rules of one event share.

use chrono::{DateTime, TimeDelta, Utc};

use super::reason::{Code, Explanation, Reason};
use crate::domain::attention::Subject;
use crate::domain::counted::counted;
use crate::domain::event::{Event, Status};
use crate::domain::numbers::to_f64;
use crate::domain::spans::in_words;

/// How an event ended.
#[must_use]
pub fn explain_ended(event: &Event, now: DateTime<Utc>) -> Explanation {
    let ago = event.finished_at.map(|at| format!(" {} ago", seconds_in_words(now - at))).unwrap_or_default();
    let attempts = counted(event.attempt, "attempt");
    let id = event.event_id;
    let (message, what_to_do) = match (event.status, event.dead_letter_reason, event.redriven_as) {
        (Status::Completed, ..) => (
            format!("it completed{ago}, after {attempts}"),
            format!("nothing: its result is kept: eventlease events {id}"),
        ),
        (Status::Failed, reason, Some(copy)) => (
            format!(
                "it failed{ago} ({} after {attempts}) and was redriven as {copy}",
                reason.map_or("a dead letter", |reason| reason.in_words())
            ),
            format!("see the other event: eventlease explain {copy}"),
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
                format!("once its cause is repaired: eventlease dead-letters redrive {id}"),
            )
        }
        (Status::Failed, None, None) => (
            format!("it failed{ago}, after {attempts}, and is no dead letter any more"),
            "nothing: it was discarded; if it is needed, enqueue it again".to_owned(),
        ),
        (Status::Cancelled | Status::Queued | Status::Processing, ..) => (
            format!("it was cancelled{ago}, after {attempts}"),
            format!("nothing; who cancelled it stands in the audit trail: eventlease audit --subject {id}"),
        ),
    };
    let reason = Reason::new(Code::Ended, subject_of(event), message).since(event.finished_at).decisive(what_to_do);
    Explanation::of(now, None, vec![reason], None)
}

/// An event, and its queue.
pub fn subject_of(event: &Event) -> Subject {
    Subject { event_id: Some(event.event_id), ..Subject::queue(&event.engine_type) }
}

/// A span as people say it.
pub fn seconds_in_words(span: TimeDelta) -> String {
    in_words(to_f64(span.num_milliseconds()) / 1000.0)
}
