//! What an engine may say about an event it holds.

use std::time::Duration;

use serde::Serialize;

use super::event::Status;
use super::ids::{EngineId, EventId, LeaseToken};
use super::json::RawJson;

/// One engine's word on one event.
#[derive(Clone, Debug)]
pub struct Settlement {
    pub event_id: EventId,
    /// `None` only where tokens are optional.
    pub lease_token: Option<LeaseToken>,
    /// Who says so, where the caller said who it is.
    pub caller: Option<EngineId>,
    pub report: Report,
}

#[derive(Clone, Debug)]
pub enum Report {
    Completed { result: Option<RawJson> },
    Failed { error: ReportedError, is_retryable: bool, delay: Option<Duration> },
    Released { delay: Duration },
    Renewed { visibility_timeout_seconds: Option<u32>, progress: Option<RawJson> },
}

impl Report {
    /// Of the JSON that goes with it.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let json = match self {
            Self::Completed { result } => result,
            Self::Failed { error, .. } => &error.details,
            Self::Renewed { progress, .. } => progress,
            Self::Released { .. } => &None,
        };
        json.as_ref().map_or(0, |json| json.get().len())
    }

    /// The word of the contract for it.
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

/// What went wrong, in the engine's words. A bare text is a message.
#[derive(Clone, Debug, Serialize)]
pub struct ReportedError {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<RawJson>,
}

/// What a settle is answered, now and when it is repeated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    Completed,
    RetryScheduled,
    DeadLettered,
    Released,
    Cancelled,
}

impl Answer {
    pub const ALL: [Self; 5] =
        [Self::Completed, Self::RetryScheduled, Self::DeadLettered, Self::Released, Self::Cancelled];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::RetryScheduled => "retry_scheduled",
            Self::DeadLettered => "dead_lettered",
            Self::Released => "released",
            Self::Cancelled => "cancelled",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|answer| answer.as_str() == text)
    }

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
