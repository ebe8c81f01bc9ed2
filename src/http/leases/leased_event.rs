//! An event in an engine's hands, as the engine is told of it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::event::Outcome;
use crate::domain::ids::{EngineId, EventId, LeaseToken};
use crate::domain::json::RawJson;
use crate::domain::leased_event::{LeasedEvent, lock_name};
use crate::domain::trace_context::is_traceparent;
use crate::http::shown::shown;

#[derive(Serialize, ToSchema)]
#[schema(as = PreviousAttempt)]
pub struct PreviousReply {
    outcome: Outcome,
    #[schema(value_type = Option<Value>, required)]
    error: Option<RawJson>,
    #[schema(value_type = Option<Value>, required)]
    progress: Option<RawJson>,
    /// Why it was released, for programs, like `no_handler`.
    code: Option<String>,
    /// Why it was released, for people.
    reason: Option<String>,
    ended_at: DateTime<Utc>,
}

/// One engine's exclusive right to one event.
#[derive(Serialize, ToSchema)]
#[schema(as = LeaseTerms)]
pub struct LeaseTermsReply {
    /// The fence: whoever shows it settles the lease. Opaque.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required)]
    lease_token: Option<LeaseToken>,
    /// For people; not a fence.
    lock: String,
    #[schema(value_type = Option<uuid::Uuid>)]
    leased_by: Option<EngineId>,
    leased_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    /// From the moment of this reply; trust it where clocks differ.
    expires_in_seconds: f64,
    /// No renewal goes beyond it.
    deadline_at: DateTime<Utc>,
    visibility_timeout_seconds: u32,
}

/// An event in an engine's hands, as those who list its leases see it.
#[derive(ToSchema)]
#[schema(as = HeldEvent)]
#[expect(dead_code, reason = "describes the reply to OpenAPI; it is a `LeasedEventReply` with its token shown or not")]
pub struct HeldEventBody {
    #[serde(flatten)]
    event: LeasedEventReply,
    lease: HeldLeaseTermsBody,
}

#[derive(ToSchema)]
#[schema(as = HeldLeaseTerms)]
#[expect(dead_code, reason = "describes the reply to OpenAPI")]
pub struct HeldLeaseTermsBody {
    #[serde(flatten)]
    terms: LeaseTermsReply,
    /// Shown to the engine itself, and to nobody else.
    #[schema(nullable = false)]
    lease_token: Option<String>,
}

impl LeasedEventReply {
    /// Tokens are for the holder alone.
    pub fn with_token_shown(mut self, is_shown: bool) -> Self {
        if !is_shown {
            self.lease.lease_token = None;
        }
        self
    }
}

shown! {
    /// An event in an engine's hands.
    #[schema(as = LeasedEvent)]
    pub struct LeasedEventReply of event: LeasedEvent {
        #[schema(value_type = uuid::Uuid)]
        event_id: EventId,
        engine_type: String,
        event_type: String,
        #[schema(value_type = Value)]
        payload: RawJson,
        payload_bytes: u32,
        priority: u8,
        scenario_run_id: Option<String>,
        created_at: DateTime<Utc>,
        /// From 1, never reset.
        attempt: i32,
        /// `attempt == max_attempts`: a failure reported now makes a dead letter.
        max_attempts: u32 = event.attempt.cast_unsigned().saturating_add(event.spent.retries_left(&event.policy)),
        retries_left: u32 = event.spent.retries_left(&event.policy),
        /// Silent losses that are left before the event becomes a dead letter, this one included.
        losses_left: u32 = event.spent.losses_left(&event.policy),
        /// How often the event was released in a row before this.
        releases_in_row: u32 = event.spent.releases,
        /// How the attempt before ended.
        previous: Option<PreviousReply> = event.previous.map(|previous| PreviousReply {
            outcome: previous.outcome,
            error: previous.error,
            progress: previous.progress,
            code: previous.code,
            reason: previous.reason,
            ended_at: previous.ended_at,
        }),
        // One from before there were rules for it is not handed out: copied into a follow-up event, it would refuse the completion.
        traceparent: Option<String> = event.traceparent.clone().filter(|text| is_traceparent(text)),
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        tracestate: Option<String> = event.tracestate.filter(|_| event.traceparent.as_deref().is_some_and(is_traceparent)),
        lease: LeaseTermsReply = LeaseTermsReply {
            lease_token: Some(event.lease_token),
            lock: lock_name(event.leased_by),
            leased_by: event.leased_by,
            leased_at: event.leased_at,
            expires_at: event.expires_at,
            expires_in_seconds: event.expires_in_seconds,
            deadline_at: event.deadline_at,
            visibility_timeout_seconds: event.visibility_timeout_seconds,
        },
    }
}
