//! What an engine may say about an event it holds.

use std::time::Duration;

use serde::Serialize;

use super::event::Status;
use super::ids::{EngineId, EventId, LeaseToken};
use super::json::SentJson;

/// One engine's word on one event.
#[derive(Debug)]
pub struct Settlement {
    pub event_id: EventId,
    /// `None` only where tokens are optional.
    pub lease_token: Option<LeaseToken>,
    /// Who says so, where the caller said who it is.
    pub caller: Option<EngineId>,
    pub report: Report,
}

#[derive(Debug)]
pub enum Report {
    Completed { result: Option<SentJson> },
    Failed { error: ReportedError, is_retryable: bool, delay: Option<Duration> },
    Released { delay: Duration },
    Renewed { visibility_timeout_seconds: Option<u32>, progress: Option<SentJson> },
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
#[derive(Debug, Serialize)]
pub struct ReportedError {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<SentJson>,
}
