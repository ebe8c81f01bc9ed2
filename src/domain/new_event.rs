//! An event on its way in, and what its producer is answered.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::EventId;
use super::json::SentJson;
use super::names::{EngineType, EventType, ScenarioRunId};
use super::requester::Requester;
use super::retry_policy::RetryPolicyOverrides;

/// An event as its producer sent it, checked.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// The queue it goes into.
    pub engine_type: EngineType,
    /// What happened.
    pub event_type: EventType,
    /// JSON, as it was sent.
    pub payload: SentJson,
    /// 0 to 9; 9 is leased first.
    pub priority: u8,
    /// When it can be leased.
    pub due: Due,
    /// The simulation run it belongs to.
    pub scenario_run_id: Option<ScenarioRunId>,
    /// How long its leases last, in seconds; `None`: as its queue says.
    pub visibility_timeout_seconds: Option<u32>,
    /// Its own part of the retry policy.
    pub retry_policy: Option<RetryPolicyOverrides>,
    /// It is cancelled if no engine has leased it within this many seconds of being enqueued.
    pub discard_after_seconds: Option<u32>,
    /// The caller's key, which stands for one event for 24 hours.
    pub idempotency_key: Option<String>,
    /// No other open event of its queue has it.
    pub unique_key: Option<String>,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// W3C trace context.
    pub tracestate: Option<String>,
    /// The name of the token that brought it.
    pub enqueued_by: Option<Arc<str>>,
    /// The event whose completion brought it.
    pub caused_by: Option<EventId>,
    /// By whose quota its queue is made, where it is new.
    pub requester: Requester,
}

impl NewEvent {
    /// Whether it may turn out to be one that is there.
    #[must_use]
    pub const fn has_key(&self) -> bool {
        self.idempotency_key.is_some() || self.unique_key.is_some()
    }
}

/// When a new event is due.
#[derive(Clone, Copy, Debug)]
pub enum Due {
    /// Counted from its creation, by the database's clock.
    After {
        /// 0 or more.
        seconds: f64,
    },
    /// A time in the past means now.
    At(DateTime<Utc>),
}

/// An event that was taken in.
#[derive(Clone, Debug)]
pub struct Enqueued {
    /// Its new id.
    pub event_id: EventId,
    /// By the database's clock.
    pub created_at: DateTime<Utc>,
    /// When it can be leased.
    pub available_at: DateTime<Utc>,
    /// By the database's clock, when it was taken in.
    pub is_due: bool,
    /// True where an engine of its type is registered.
    pub has_engine: bool,
}

/// By which of its keys an event is the same as one that is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateOf {
    /// The caller brought an event with this key within 24 hours.
    IdempotencyKey,
    /// An open event of the queue has this key.
    UniqueKey,
}

#[cfg(test)]
impl NewEvent {
    /// One with nothing but what an event must have.
    pub fn plain(engine_type: &str) -> Self {
        let payload = bytestring::ByteString::from("1");
        Self {
            engine_type: EngineType::parse(engine_type).expect("a name"),
            event_type: EventType::parse("e").expect("a name"),
            payload: SentJson::of(&payload, serde_json::from_str(&payload).expect("JSON")),
            priority: 5,
            due: Due::After { seconds: 0.0 },
            scenario_run_id: None,
            visibility_timeout_seconds: None,
            retry_policy: None,
            discard_after_seconds: None,
            idempotency_key: None,
            unique_key: None,
            traceparent: None,
            tracestate: None,
            enqueued_by: None,
            caused_by: None,
            requester: Requester::Unknown,
        }
    }
}
