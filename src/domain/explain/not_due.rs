//! Why an event is not due yet.

use chrono::{DateTime, Utc};

use super::reason::{Code, Reason};
use super::said::{seconds_in_words, subject_of};
use crate::domain::advised_command::command;
use crate::domain::attempt::Attempt;
use crate::domain::event::{Event, Outcome};

/// Why it waits until then, by its latest ended attempt. That one keeps when the event was to be due after it: if it is due at another time,
/// somebody has changed that since.
pub fn not_due_yet(event: &Event, last_attempt: Option<&Attempt>, due_at: DateTime<Utc>, now: DateTime<Utc>) -> Reason {
    let why = match last_attempt {
        None => "as was asked for when it was enqueued or rescheduled".to_owned(),
        Some(attempt) if attempt.final_status.is_some() => {
            "as was asked for when it was redriven or rescheduled".to_owned()
        }
        Some(attempt) if attempt.next_available_at == Some(due_at) => after(attempt),
        Some(attempt) => format!("it was rescheduled after attempt {}", attempt.attempt),
    };
    let message = format!("it becomes due in {}: {why}", seconds_in_words(due_at - now));
    Reason::new(Code::NotDueYet, subject_of(event), message).until(due_at).decisive(format!(
        "wait; or have it leased now: {}",
        command("events change").about(event.event_id).switch("--now")
    ))
}

/// How its latest attempt ended, which put it back.
fn after(attempt: &Attempt) -> String {
    let number = attempt.attempt;
    match attempt.outcome {
        Outcome::Failed => format!("attempt {number} failed, and it is tried again then"),
        Outcome::Released => format!("attempt {number} was given back with a delay"),
        Outcome::Expired
        | Outcome::EngineUnresponsive
        | Outcome::EngineRestarted
        | Outcome::Deregistered
        | Outcome::MaxLease => format!("attempt {number} was lost without a report, and it is tried again then"),
        Outcome::Completed | Outcome::Cancelled => format!("attempt {number} has ended"),
    }
}
