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
use crate::domain::new_event::{DuplicateOf, Enqueued, NewEvent};
use crate::http::errors::ProblemBody;

/// An event as it was taken in.
#[derive(Serialize, ToSchema)]
#[schema(as = EnqueuedEvent)]
pub struct EnqueuedReply {
    #[schema(value_type = uuid::Uuid)]
    event_id: EventId,
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
    /// True: nothing was stored, and this is the event that one of the keys stands for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    duplicate: bool,
    /// The key, of a duplicate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    duplicate_of: Option<DuplicateOf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    unique_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    notice: Option<EnqueueNotice>,
}

/// Whether the event is new.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EnqueueOutcome {
    Enqueued,
    /// One of its keys stands for an event that was there.
    Duplicate,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EnqueueNoticeCode {
    NoEngineOfType,
}

/// The event that one of the keys stands for, which another caller brought: no more is told of it.
#[derive(Serialize, ToSchema)]
#[schema(as = EventOfAnotherCaller)]
pub struct OfAnotherReply {
    #[schema(value_type = uuid::Uuid)]
    event_id: EventId,
    outcome: EnqueueOutcome,
    /// Always true.
    duplicate: bool,
    duplicate_of: DuplicateOf,
}

/// What a producer is answered for one event.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum EnqueueAnswer {
    Known(Box<EnqueuedReply>),
    OfAnother(OfAnotherReply),
}

impl EnqueueAnswer {
    /// The answer for one event.
    pub fn of(event: &NewEvent, taken: Taken) -> Self {
        match taken {
            Taken::New(enqueued) => Self::Known(Box::new(EnqueuedReply::of_new(event, &enqueued))),
            Taken::Duplicate(existing, of) => Self::Known(Box::new(EnqueuedReply::of_duplicate(*existing, of))),
            Taken::OfAnother(event_id, duplicate_of) => {
                let outcome = EnqueueOutcome::Duplicate;
                Self::OfAnother(OfAnotherReply { event_id, outcome, duplicate: true, duplicate_of })
            }
        }
    }

    /// The event, new or known.
    pub const fn event_id(&self) -> EventId {
        match self {
            Self::Known(reply) => reply.event_id,
            Self::OfAnother(reply) => reply.event_id,
        }
    }
}

/// Something a producer may want to know.
#[derive(Serialize, ToSchema)]
pub struct EnqueueNotice {
    code: EnqueueNoticeCode,
    detail: String,
}

impl EnqueuedReply {
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
            duplicate_of: None,
            unique_key: event.unique_key.clone(),
            notice,
        }
    }

    fn of_duplicate(event: Event, of: DuplicateOf) -> Self {
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
            duplicate_of: Some(of),
            unique_key: event.unique_key,
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
    OfAnother(OfAnotherReply),
    #[schema(title = "RefusedEvent")]
    Refused {
        /// Always null: it got none.
        #[schema(value_type = Option<uuid::Uuid>, required)]
        event_id: Option<EventId>,
        error: ProblemBody,
    },
}

impl EnqueueResult {
    /// The entry of an event that was not refused.
    pub fn of(answer: EnqueueAnswer) -> Self {
        match answer {
            EnqueueAnswer::Known(reply) => Self::Enqueued(reply),
            EnqueueAnswer::OfAnother(reply) => Self::OfAnother(reply),
        }
    }
}
