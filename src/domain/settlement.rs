//! What an engine may say about an event it holds.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::event::Status;
use super::ids::{EngineId, EventId, LeaseToken};
use super::json::SentJson;
use super::json::string::JsonString;
use super::limits::{MAX_ERROR_MESSAGE_CHARS, MAX_ERROR_TYPE_CHARS};
use super::new_event::NewEvent;
use super::words::words;

/// One engine's report on one event.
#[derive(Debug)]
pub struct Settlement {
    /// The event that is reported on.
    pub event_id: EventId,
    /// `None` only where tokens are optional.
    pub lease_token: Option<LeaseToken>,
    /// Where the caller says who it is.
    pub caller: Option<EngineId>,
    /// What the engine says of it.
    pub report: Report,
}

/// What an engine says of an event it holds.
#[derive(Debug)]
pub enum Report {
    /// The work is done.
    Completed {
        /// What came of it, kept with the attempt.
        result: Option<SentJson>,
        /// Events to be enqueued in the transaction of the completion.
        follow_ups: Vec<NewEvent>,
    },
    /// The work failed.
    Failed {
        /// What the engine says of the failure.
        error: ReportedError,
        /// False where another attempt would fail as well: the event becomes a dead letter.
        is_retryable: bool,
        /// Replaces the backoff of the policy; `None` keeps it.
        delay: Option<Duration>,
        /// How far the work was, for the next attempt to read; `None` keeps what was said before.
        progress: Option<SentJson>,
    },
    /// The engine gives the event back without a verdict.
    Released {
        /// After which the event is due again.
        delay: Duration,
        /// Why, for programs.
        code: Option<String>,
        /// Why, for people.
        reason: Option<String>,
        /// How far the work was, for the next attempt to read; `None` keeps what was said before.
        progress: Option<SentJson>,
    },
    /// The engine goes on.
    Renewed {
        /// From now on; `None`: as long as the lease was given for.
        visibility_timeout_seconds: Option<u32>,
        /// How far the work is, for the next attempt to read; `None` keeps what was said before.
        progress: Option<SentJson>,
    },
}

impl Report {
    /// The bytes of the JSON that goes with it, and with its follow-up events.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let error = match self {
            Self::Failed { error, .. } => error.json.get().len(),
            Self::Completed { .. } | Self::Released { .. } | Self::Renewed { .. } => 0,
        };
        let json = match self {
            Self::Completed { result, .. } => result.as_ref(),
            Self::Failed { progress, .. } | Self::Released { progress, .. } | Self::Renewed { progress, .. } => {
                progress.as_ref()
            }
        };
        let of_follow_ups: usize = self.follow_ups().iter().map(|event| event.payload.get().len()).sum();
        error + json.map_or(0, |json| json.get().len()) + of_follow_ups
    }

    /// The events that are to be enqueued with it; only a completion has any.
    #[must_use]
    pub fn follow_ups(&self) -> &[NewEvent] {
        match self {
            Self::Completed { follow_ups, .. } => follow_ups,
            Self::Failed { .. } | Self::Released { .. } | Self::Renewed { .. } => &[],
        }
    }

    /// The status by which the API names it.
    #[must_use]
    pub const fn status(&self) -> Status {
        match self {
            Self::Completed { .. } => Status::Completed,
            Self::Failed { .. } => Status::Failed,
            Self::Released { .. } => Status::Queued,
            Self::Renewed { .. } => Status::Processing,
        }
    }
}

/// A lease after its renewal.
#[derive(Clone, Copy, Debug)]
pub struct Renewal {
    /// By the database's clock.
    pub expires_at: DateTime<Utc>,
    /// Seconds from the reply on; an engine that uses it needs no synchronized clock.
    pub expires_in_seconds: f64,
    /// The engine should stop the work: somebody has asked for the event to be cancelled.
    pub is_cancel_requested: bool,
}

/// What went wrong, in the engine's words.
#[derive(Debug)]
pub struct ReportedError {
    /// As it was sent; a bare text is the message of an object.
    pub json: SentJson,
    /// Its type, if it has one, and its message, to find dead letters by: the first characters, with U+FFFD in the place of
    /// what no text column holds.
    pub kind: Option<String>,
    /// Cut to [`MAX_ERROR_MESSAGE_CHARS`] characters.
    pub message: String,
    /// What it has in common with errors of the same cause, where the engine says it.
    pub fingerprint: Option<String>,
}

impl ReportedError {
    /// An object, with what was read out of it. An empty type is none.
    #[must_use]
    pub fn of_object(json: SentJson, kind: Option<&JsonString<'_>>, message: &JsonString<'_>) -> Self {
        let kind = kind.map(|kind| kind.storable(MAX_ERROR_TYPE_CHARS)).filter(|kind| !kind.is_empty());
        Self { json, kind, message: message.storable(MAX_ERROR_MESSAGE_CHARS), fingerprint: None }
    }

    /// A message alone, as it is spelled and decoded.
    #[must_use]
    pub fn of_message(spelling: &RawValue, message: &JsonString<'_>) -> Self {
        let json = format!("{{\"message\":{spelling}}}");
        Self::of_object(RawValue::from_string(json).expect("a member's value is JSON").into(), None, message)
    }
}

/// What a settle is answered, now and when it is repeated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = AttemptAnswer)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The event is completed.
    Completed,
    /// The event failed and is tried again.
    RetryScheduled,
    /// The event failed for good and is a dead letter.
    DeadLettered,
    /// The event is back in its queue.
    Released,
    /// Cancellation had been requested, and the report was not of success.
    Cancelled,
}

words!(Answer {
    Completed = "completed",
    RetryScheduled = "retry_scheduled",
    DeadLettered = "dead_lettered",
    Released = "released",
    Cancelled = "cancelled",
});

impl Answer {
    /// The status the event then has.
    #[must_use]
    pub const fn event_status(self) -> Status {
        match self {
            Self::Completed => Status::Completed,
            Self::RetryScheduled | Self::Released => Status::Queued,
            Self::DeadLettered => Status::Failed,
            Self::Cancelled => Status::Cancelled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_kept_as_it_is_spelled_and_cut_where_it_is_looked_for() {
        let spelling = RawValue::from_string(format!(r#""cut \ud83d{}""#, "x".repeat(10_000))).expect("JSON");
        let error = ReportedError::of_message(&spelling, &JsonString::decode(&spelling).expect("a string"));
        assert_eq!(error.json.get(), format!("{{\"message\":{spelling}}}"));
        assert!(error.message.starts_with("cut \u{fffd}x"));
        assert_eq!((error.kind, error.message.chars().count()), (None, MAX_ERROR_MESSAGE_CHARS));
    }

    #[test]
    fn a_type_is_cut_and_an_empty_one_is_none() {
        let of = |kind: &str| {
            let json = RawValue::from_string("{}".to_owned()).expect("JSON");
            ReportedError::of_object(json.into(), Some(&JsonString::from(kind)), &JsonString::from("x")).kind
        };
        assert_eq!(of(&"ä".repeat(201)), Some("ä".repeat(200)));
        assert_eq!(of("a\0\n"), Some("a\u{fffd}\n".to_owned()));
        assert_eq!(of(""), None);
    }
}
