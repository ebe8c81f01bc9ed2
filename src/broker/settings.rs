//! What an operator decided, as far as the use-cases need it.

use super::batchers::Coalescing;
use crate::dispatch;
use crate::domain::lane::SuspectIsolation;

/// What an operator decided, as far as the use-cases need it.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The part that dispatch needs.
    pub dispatch: dispatch::Settings,
    /// After the service was away, leases are not judged for that long.
    pub grace_seconds: u32,
    /// From which silent loss on an event is leased alone.
    pub suspect_isolation: SuspectIsolation,
    /// Days for which ended events are kept.
    pub retention_days: i32,
    /// Days for which entries of the audit trail are kept.
    pub audit_retention_days: i32,
    /// Hours for which the history of queues is kept; 0: none is written.
    pub history_hours: i32,
    /// With authentication, engines get a token of their own when they register.
    pub issues_engine_tokens: bool,
    /// Of one engine, however many heartbeats add to it; for its `static_config` and patches as well.
    pub max_dynamic_state_bytes: usize,
    /// Of one event's payload, where the service changes it.
    pub max_payload_bytes: usize,
    /// The same: how deep arrays and objects may be nested.
    pub max_json_depth: usize,
    /// Limits on a batch, and on what waits for one.
    pub coalescing: Coalescing,
    /// All queues together; a request that would make one more is refused.
    pub max_queues: u32,
    /// One caller makes in an hour.
    pub max_new_queues_per_hour: u32,
    /// With authentication, one caller registers in an hour.
    pub max_new_engines_per_hour: u32,
    /// With a retry policy of their own.
    pub max_event_types: u32,
}
