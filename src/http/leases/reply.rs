//! What a poll is answered.

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::leased_event::LeasedEventReply;
use crate::broker::lease::{PollNotice, Polled};
use crate::domain::counted::{are, counted};
use crate::domain::queue::Quarantine;
use crate::http::errors::Later;

#[derive(Serialize, ToSchema)]
#[schema(as = Leased, example = json!({"notice": null, "events": [{
    "event_id": "0190f3a1-c2d3-7e4f-8506-1728394a5b6c", "engine_type": "dialogue", "event_type": "dialogue.requested",
    "payload": {"text": "Hello"}, "payload_bytes": 16, "priority": 5, "scenario_run_id": null, "created_at": "2030-01-31T12:00:00Z",
    "attempt": 1, "max_attempts": 4, "retries_left": 3, "losses_left": 3, "releases_in_row": 0, "previous": null, "traceparent": null,
    "lease": {
        "lease_token": "0190f3a1c2d3e4f5061728394a5b6c7d", "lock": "processing_by_0190f39e-0000-7000-8000-1728394a5b6c",
        "leased_by": "0190f39e-0000-7000-8000-1728394a5b6c", "leased_at": "2030-01-31T12:00:00Z",
        "expires_at": "2030-01-31T12:05:00Z", "expires_in_seconds": 300.0, "deadline_at": "2030-01-31T13:00:00Z",
        "visibility_timeout_seconds": 300
    }
}]}))]
pub struct LeaseReply {
    pub events: Vec<LeasedEventReply>,
    /// Why there are no events, where there is a cause beside an empty queue.
    pub notice: Option<NoticeReply>,
}

impl LeaseReply {
    /// The reply to a poll.
    pub fn of(polled: Polled) -> Self {
        Self {
            events: polled.events.into_iter().map(LeasedEventReply::of).collect(),
            notice: polled.notice.map(NoticeReply::of),
        }
    }
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[schema(as = LeaseNoticeCode)]
#[serde(rename_all = "snake_case")]
pub enum NoticeCode {
    EngineDraining,
    EngineAtCapacity,
    QueuePaused,
    QueueAtMaxProcessing,
    /// The engine's version is quarantined in this queue.
    VersionQuarantined,
    /// The engine asked for no events for a while.
    EngineHoldingOff,
    ServerStopping,
}

/// Why a poll got nothing.
#[derive(Serialize, ToSchema)]
#[schema(as = LeaseNotice)]
pub struct NoticeReply {
    code: NoticeCode,
    detail: String,
    /// What the engine holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    held: Option<u32>,
    /// With `version_quarantined`: the version. Left out where the engine registered none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    engine_software_version: Option<String>,
    /// Why, as the operator said of a quarantine, and the engine of holding off.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
    /// When the quarantine, or the holding off, ends by itself. Left out where a quarantine is to be lifted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    until: Option<DateTime<Utc>>,
    retry_after_seconds: u32,
}

impl NoticeReply {
    fn of(notice: PollNotice) -> Self {
        match notice {
            PollNotice::EngineDraining { held } => {
                let detail = "the engine is draining and is given no more events";
                Self { held: Some(held), ..Self::new(NoticeCode::EngineDraining, detail, 5) }
            }
            PollNotice::EngineAtCapacity { held, is_held_for_a_suspect } => {
                let detail = if is_held_for_a_suspect {
                    "an event whose lease was lost before is worked on alone: settle what is held first"
                } else {
                    "the engine holds as many events as its max_concurrent_events"
                };
                Self { held: Some(held), ..Self::new(NoticeCode::EngineAtCapacity, detail, 1) }
            }
            PollNotice::QueuePaused => {
                Self::new(NoticeCode::QueuePaused, "the queue is paused: nothing is leased from it", 5)
            }
            PollNotice::QueueAtMaxProcessing { processing } => {
                let detail = format!(
                    "{} of the queue {} being processed, as many as its max_processing",
                    counted(processing, "event"),
                    are(processing)
                );
                Self::new(NoticeCode::QueueAtMaxProcessing, detail, 1)
            }
            PollNotice::VersionQuarantined(quarantine) => {
                let Quarantine { engine_software_version, reason, lift_at, .. } = *quarantine;
                let detail = "an operator has quarantined the engine's version: it is given no events";
                let notice = Self::new(NoticeCode::VersionQuarantined, detail, 30);
                Self { engine_software_version, reason: Some(reason), until: lift_at, ..notice }
            }
            PollNotice::EngineHoldingOff { ends_at, holding_off } => {
                let seconds = ends_at.saturating_duration_since(Instant::now()).as_secs_f64().ceil();
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a day at most")]
                let seconds = (seconds as u32).max(1);
                let notice =
                    Self::new(NoticeCode::EngineHoldingOff, "the engine holds off, as its heartbeat said", seconds);
                Self { reason: Some(holding_off.reason), until: Some(holding_off.until), ..notice }
            }
            PollNotice::ServerStopping => {
                let detail = "this server is stopping; poll another, or again in a moment";
                Self::new(NoticeCode::ServerStopping, detail, Later::Stopping.seconds())
            }
        }
    }

    fn new(code: NoticeCode, detail: impl Into<String>, retry_after_seconds: u32) -> Self {
        let (held, engine_software_version, reason, until) = (None, None, None, None);
        Self { code, detail: detail.into(), held, engine_software_version, reason, until, retry_after_seconds }
    }
}
