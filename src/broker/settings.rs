//! What an operator decided, as far as the use-cases need it.

use super::batchers::Coalescing;
use crate::dispatch;

/// What an operator decided, as far as the use-cases need it.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub dispatch: dispatch::Settings,
    /// After the service was away, leases are not judged for that long.
    pub grace_seconds: u32,
    pub retention_days: i32,
    pub audit_retention_days: i32,
    /// With authentication, engines get a token of their own when they register.
    pub issues_engine_tokens: bool,
    /// Of one engine, however many heartbeats add to it; for its `static_config` and patches as well.
    pub max_dynamic_state_bytes: usize,
    pub coalescing: Coalescing,
    pub max_queues: u32,
    /// One caller makes in an hour.
    pub max_new_queues_per_hour: u32,
    /// With authentication, one caller registers in an hour.
    pub max_new_engines_per_hour: u32,
    /// With a retry policy of their own.
    pub max_event_types: u32,
}
