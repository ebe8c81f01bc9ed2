//! A dead letter, as readers see it.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::domain::dead_letters::DeadLetter;
use crate::domain::event::DeadLetterReason;
use crate::domain::ids::EventId;
use crate::domain::json::RawJson;
use crate::http::events::reply::AttemptReply;
use crate::http::pages::Page;
use crate::http::shown::shown;

shown! {
    /// An event that used up a budget or was refused as hopeless.
    #[schema(as = DeadLetter)]
    pub struct DeadLetterReply of letter: DeadLetter {
        #[schema(value_type = uuid::Uuid)]
        event_id: EventId,
        engine_type: String,
        event_type: String,
        reason: DeadLetterReason,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<Value>)]
        payload: Option<RawJson>,
        payload_bytes: i32,
        priority: i16,
        scenario_run_id: Option<String>,
        created_at: DateTime<Utc>,
        dead_lettered_at: DateTime<Utc>,
        attempt: i32,
        failures: i32,
        lease_losses: i32,
        redrives: i32,
        /// Null also in a brief list.
        #[schema(value_type = Option<Value>, required)]
        error: Option<RawJson>,
        error_type: Option<String>,
        /// Its first 200 characters.
        error_message: Option<String>,
        /// Of `error`; 0 where there was none.
        error_bytes: i32,
        /// What dead letters of one cause have in common: what the engine said, or what the server made of the error's type and
        /// message, or of how the lease was lost. Null until housekeeping has made it, after an update of the server.
        error_fingerprint: Option<String>,
        engine_software_version: Option<String>,
        /// The dead letter that this one was made from, with another payload.
        #[schema(value_type = Option<uuid::Uuid>)]
        redriven_from: Option<EventId>,
        /// The event made from this one, with another payload; it cannot be redriven again.
        #[schema(value_type = Option<uuid::Uuid>)]
        redriven_as: Option<EventId>,
        /// The newest first; only where one dead letter is read.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        attempts: Option<Vec<AttemptReply>> = None,
        /// For `?cursor=` of the event's attempts, to get the older ones; null where there are none. Only where one dead
        /// letter is read.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        attempts_next_cursor: Option<Value> = None,
    }
}

impl DeadLetterReply {
    /// Adds the newest attempts, and the cursor to those before.
    pub fn with_attempts(self, attempts: Page<AttemptReply>) -> Self {
        Self { attempts: Some(attempts.items), attempts_next_cursor: Some(json!(attempts.next_cursor)), ..self }
    }
}
