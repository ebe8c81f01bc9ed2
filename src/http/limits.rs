//! Limits on requests and replies that an operator may change.

use std::time::Duration;

/// Limits and defaults an operator may change, as far as requests meet them.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one request body.
    pub max_body_bytes: usize,
    /// Bytes of one event's payload.
    pub max_payload_bytes: usize,
    /// Bytes of a result, of an error's details, of progress, of an engine's metadata, each.
    pub max_detail_bytes: usize,
    /// How deep arrays and objects may be nested in JSON that is kept as it was sent.
    pub max_json_depth: usize,
    /// Of all bodies that are held at once.
    pub max_bodies_bytes: usize,
    /// Of all replies to reading calls that clients have not taken yet; and of all others.
    pub max_replies_bytes: usize,
    /// Time for one request's body to arrive; then the answer is 408.
    pub body_timeout: Duration,
    /// For a whole call, without what its body may take and what it may wait for events.
    pub call_timeout: Duration,
    /// How long a lease lasts where neither poll, event nor queue says otherwise.
    pub default_visibility_timeout_seconds: u32,
    /// How long a lease may be renewed, from its beginning, where the queue does not say.
    pub default_max_lease_seconds: u32,
    /// Events for a poll that names no limit.
    pub default_lease_limit: u32,
    /// Silence after which an engine is unresponsive that registered without a timeout of its own.
    pub heartbeat_timeout_seconds: u32,
    /// The holder of a lease may settle it without its token.
    pub are_lease_tokens_optional: bool,
}

impl Limits {
    /// Of an event's payload.
    pub const fn payload(self) -> JsonLimit {
        JsonLimit { max_bytes: self.max_payload_bytes, max_depth: self.max_json_depth }
    }

    /// Of results, details, progress and engines' metadata.
    pub const fn detail(self) -> JsonLimit {
        JsonLimit { max_bytes: self.max_detail_bytes, max_depth: self.max_json_depth }
    }
}

/// How large and how deep JSON may be that is kept as it was sent.
#[derive(Clone, Copy, Debug)]
pub struct JsonLimit {
    /// Bytes of the JSON text.
    pub max_bytes: usize,
    /// How deep arrays and objects may be nested.
    pub max_depth: usize,
}

impl JsonLimit {
    /// For a member's value, where the limit is that of the object.
    pub const fn of_a_member(self) -> Self {
        Self { max_depth: self.max_depth.saturating_sub(1), ..self }
    }
}
