//! Which queued events are to be due at another time, or with another priority.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::ids::EventId;

/// Which queued events are meant: those that are all of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct QueuedFilter {
    /// Of that queue.
    pub engine_type: Option<String>,
    /// Of these queues, to which the caller's token is limited.
    pub engine_types: Option<Vec<String>>,
    /// Of that type.
    pub event_type: Option<String>,
    /// Of that run.
    pub scenario_run_id: Option<String>,
    /// Some of these.
    pub event_ids: Option<Vec<EventId>>,
}

/// What becomes different about them; what is `None` stays.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Reschedule {
    /// Due so many seconds from now.
    pub delay_seconds: Option<u32>,
    /// Due then; a time in the past means now.
    pub available_at: Option<DateTime<Utc>>,
    /// 0 to 9.
    pub priority: Option<u8>,
}
