//! What a poll is answered.

use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::leased_event::LeasedEventReply;
use crate::broker::lease::{PollNotice, Polled};
use crate::http::errors::Later;

#[derive(Serialize, ToSchema)]
#[schema(as = Leased, example = json!({"notice": null, "events": [{
    "event_id": "0190f3a1-c2d3-7e4f-8506-1728394a5b6c", "engine_type": "dialogue", "event_type": "dialogue.requested",
    "payload": {"text": "Hello"}, "priority": 5, "scenario_run_id": null, "created_at": "2030-01-31T12:00:00Z",
    "attempt": 1, "max_attempts": 4, "retries_left": 3, "losses_left": 3, "releases_in_row": 0, "previous": null, "traceparent": null,
    "lease": {
        "lease_token": "0190f3a1c2d3e4f5061728394a5b6c7d", "lock": "processing_by_0190f39e-0000-7000-8000-1728394a5b6c",
        "leased_by": "0190f39e-0000-7000-8000-1728394a5b6c", "leased_at": "2030-01-31T12:00:00Z",
        "expires_at": "2030-01-31T12:05:00Z", "expires_in_seconds": 300.0, "visibility_timeout_seconds": 300
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
    retry_after_seconds: u32,
}

impl NoticeReply {
    fn of(notice: PollNotice) -> Self {
        let (code, detail, held, retry_after_seconds) = match notice {
            PollNotice::EngineDraining { held } => {
                (NoticeCode::EngineDraining, "the engine is draining and is given no more events", Some(held), 5)
            }
            PollNotice::EngineAtCapacity { held, is_held_for_a_suspect } => {
                let detail = if is_held_for_a_suspect {
                    "an event whose lease was lost before is worked on alone: settle what is held first"
                } else {
                    "the engine holds as many events as its max_concurrent_events"
                };
                (NoticeCode::EngineAtCapacity, detail, Some(held), 1)
            }
            PollNotice::QueuePaused => {
                (NoticeCode::QueuePaused, "the queue is paused: nothing is leased from it", None, 5)
            }
            PollNotice::QueueAtMaxProcessing { processing } => {
                let detail =
                    format!("{processing} events of the queue are being processed, as many as its max_processing");
                return Self { code: NoticeCode::QueueAtMaxProcessing, detail, held: None, retry_after_seconds: 1 };
            }
            PollNotice::VersionQuarantined => {
                let detail = "an operator has quarantined the engine's version: it is given no events";
                (NoticeCode::VersionQuarantined, detail, None, 30)
            }
            PollNotice::EngineHoldingOff { until } => {
                let seconds = until.saturating_duration_since(Instant::now()).as_secs_f64().ceil();
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a day at most")]
                let seconds = (seconds as u32).max(1);
                (NoticeCode::EngineHoldingOff, "the engine holds off, as its heartbeat said", None, seconds)
            }
            PollNotice::ServerStopping => {
                let retry_after_seconds = Later::Stopping.seconds();
                let detail = "this server is stopping; poll another, or again in a moment";
                (NoticeCode::ServerStopping, detail, None, retry_after_seconds)
            }
        };
        Self { code, detail: detail.to_owned(), held, retry_after_seconds }
    }
}
