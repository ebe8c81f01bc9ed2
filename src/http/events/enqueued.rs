//! What a producer is answered.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::broker::taken::Taken;
use crate::domain::event::Event;
use crate::domain::event::Status;
use crate::domain::ids::EventId;
use crate::domain::new_event::{Enqueued, NewEvent};
use crate::http::errors::ProblemBody;

/// An event as it was taken in.
#[derive(Serialize, ToSchema)]
#[schema(as = EnqueuedEvent)]
pub struct EnqueuedReply {
    #[schema(value_type = uuid::Uuid)]
    pub event_id: EventId,
    outcome: EnqueueOutcome,
    engine_type: String,
    event_type: String,
    status: Status,
    priority: u8,
    scenario_run_id: Option<String>,
    created_at: DateTime<Utc>,
    /// Null once it has ended.
    available_at: Option<DateTime<Utc>>,
    payload_bytes: u32,
    /// True: the idempotency key was known, and this is the event it stands for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    duplicate: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    notice: Option<EnqueueNotice>,
}

/// Whether the event is new.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EnqueueOutcome {
    Enqueued,
    /// The idempotency key was known.
    Duplicate,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EnqueueNoticeCode {
    NoEngineOfType,
}

/// Something a producer may want to know.
#[derive(Serialize, ToSchema)]
pub struct EnqueueNotice {
    code: EnqueueNoticeCode,
    detail: String,
}

impl EnqueuedReply {
    /// The reply for one event.
    pub fn of(event: &NewEvent, taken: Taken) -> Self {
        match taken {
            Taken::New(enqueued) => Self::of_new(event, &enqueued),
            Taken::Duplicate(existing) => Self::of_duplicate(*existing),
        }
    }

    fn of_new(event: &NewEvent, enqueued: &Enqueued) -> Self {
        let notice = (!enqueued.has_engine).then(|| EnqueueNotice {
            code: EnqueueNoticeCode::NoEngineOfType,
            detail: format!("no engine of type {} is registered; the event waits for one", event.engine_type),
        });
        Self {
            event_id: enqueued.event_id,
            outcome: EnqueueOutcome::Enqueued,
            engine_type: event.engine_type.to_string(),
            event_type: event.event_type.to_string(),
            status: Status::Queued,
            priority: event.priority,
            scenario_run_id: event.scenario_run_id.as_ref().map(ToString::to_string),
            created_at: enqueued.created_at,
            available_at: Some(enqueued.available_at),
            payload_bytes: u32::try_from(event.payload.get().len()).expect("a payload's limit is far below"),
            duplicate: false,
            notice,
        }
    }

    fn of_duplicate(event: Event) -> Self {
        Self {
            event_id: event.event_id,
            outcome: EnqueueOutcome::Duplicate,
            engine_type: event.engine_type,
            event_type: event.event_type,
            status: event.status,
            priority: event.priority,
            scenario_run_id: event.scenario_run_id,
            created_at: event.created_at,
            available_at: event.available_at,
            payload_bytes: event.payload_bytes,
            duplicate: true,
            notice: None,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = EnqueuedBatch)]
pub struct EnqueuedBatchReply {
    accepted: usize,
    rejected: usize,
    /// In the order sent.
    results: Vec<EnqueueResult>,
}

impl EnqueuedBatchReply {
    /// The reply for a batch, in its order.
    pub fn of(results: Vec<EnqueueResult>) -> Self {
        let rejected = results.iter().filter(|result| matches!(result, EnqueueResult::Refused { .. })).count();
        Self { accepted: results.len() - rejected, rejected, results }
    }
}

impl IntoResponse for EnqueuedBatchReply {
    fn into_response(self) -> Response {
        let status = match (self.accepted, self.rejected) {
            (_, 0) => StatusCode::CREATED,
            (0, _) => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::MULTI_STATUS,
        };
        (status, Json(self)).into_response()
    }
}

#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum EnqueueResult {
    Enqueued(Box<EnqueuedReply>),
    #[schema(title = "RefusedEvent")]
    Refused {
        /// Always null: it got none.
        #[schema(value_type = Option<uuid::Uuid>, required)]
        event_id: Option<EventId>,
        error: ProblemBody,
    },
}
