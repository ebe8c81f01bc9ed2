//! An event as the server describes it.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::error_text::{error_text, short_text};
use crate::cli::client::{Answer, Result};
use crate::cli::table::Facts;
use crate::cli::text::{from_now, in_full};

/// An item of `GET /events`, or one event.
#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "as in the reply")]
pub struct Event {
    event_id: String,
    engine_type: String,
    event_type: String,
    status: String,
    payload: Option<Box<RawValue>>,
    payload_bytes: i64,
    priority: i64,
    scenario_run_id: Option<String>,
    created_at: DateTime<Utc>,
    available_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    attempt: i64,
    failures: i64,
    lease_losses: i64,
    redrives: i64,
    lock: Option<String>,
    lease_expires_at: Option<DateTime<Utc>>,
    progress: Option<Box<RawValue>>,
    /// A server of an earlier version does not say it.
    progress_at: Option<DateTime<Utc>>,
    result: Option<Box<RawValue>>,
    error: Option<Box<RawValue>>,
    // In a brief list, of the error; servers of earlier versions say none of what follows.
    error_type: Option<String>,
    error_message: Option<String>,
    leased_at: Option<DateTime<Utc>>,
    lease_deadline_at: Option<DateTime<Utc>>,
    #[serde(default)]
    is_suspect: bool,
    retries_left: Option<i64>,
    losses_left: Option<i64>,
    discard_at: Option<DateTime<Utc>>,
    dead_letter_reason: Option<String>,
    cancel_requested: bool,
    redriven_from: Option<String>,
    redriven_as: Option<String>,
    // A server of an older version says none of these.
    caused_by: Option<String>,
    traceparent: Option<String>,
    unique_key: Option<String>,
}

impl Event {
    /// What holds since or until when, whichever tells more of its status.
    fn since_or_until(&self, now: DateTime<Utc>) -> String {
        match (self.finished_at, self.lease_expires_at, self.available_at) {
            (Some(at), ..) => from_now(at, now),
            (None, Some(at), _) => format!("ends {}", from_now(at, now)),
            (None, None, Some(at)) => format!("due {}", from_now(at, now)),
            (None, None, None) => "-".to_owned(),
        }
    }

    /// Its line in the table of all events.
    pub fn cells(self, now: DateTime<Utc>) -> [String; 8] {
        let since = self.since_or_until(now);
        [
            self.event_id,
            self.engine_type,
            self.event_type,
            self.status,
            since,
            self.attempt.to_string(),
            from_now(self.created_at, now),
            short_text(self.error_type, self.error_message),
        ]
    }
}

/// How much of a budget is spent, and what is left of it where that is known.
fn spent(spent: i64, left: Option<i64>) -> String {
    left.map_or_else(|| spent.to_string(), |left| format!("{spent}, {left} left"))
}

/// All there is to know of one event.
pub fn facts(answer: &Answer) -> Result<Facts> {
    let event: Event = answer.read()?;
    let at = |time| in_full(time, answer.now);
    let json = |raw: Box<RawValue>| raw.get().to_owned();
    let mut facts = Facts::default();
    facts
        .add("event", event.event_id)
        .add("queue", event.engine_type)
        .add("event type", event.event_type)
        .add("status", event.status)
        .add_some("dead letter", event.dead_letter_reason)
        .add_some("cancel", event.cancel_requested.then_some("requested"))
        .add("priority", event.priority.to_string())
        .add_some("scenario run", event.scenario_run_id)
        .add("created", at(event.created_at))
        .add_some("due", event.available_at.map(at))
        .add_some("finished", event.finished_at.map(at))
        .add_some("lock", event.lock)
        .add_some("leased", event.leased_at.map(at))
        .add_some("lease ends", event.lease_expires_at.map(at))
        .add_some("at the latest", event.lease_deadline_at.map(at))
        .add_some("discarded", event.discard_at.map(at))
        .add("attempt", event.attempt.to_string())
        .add("failures", spent(event.failures, event.retries_left))
        .add("silent losses", spent(event.lease_losses, event.losses_left))
        .add_some("suspect", event.is_suspect.then_some("it is leased alone, or beside no other such event"))
        .add("redrives", event.redrives.to_string())
        .add_some("redriven from", event.redriven_from)
        .add_some("redriven as", event.redriven_as)
        .add_some("caused by", event.caused_by)
        .add_some("unique key", event.unique_key)
        .add_some("traceparent", event.traceparent)
        .add_some("progress", event.progress.map(json))
        .add_some("progress of", event.progress_at.map(at))
        .add_some("result", event.result.map(json))
        .add_some("error", event.error.as_deref().map(error_text))
        .add("payload bytes", event.payload_bytes.to_string())
        .add_some("payload", event.payload.map(json));
    Ok(facts)
}
