//! What an operator decided, as far as the use-cases need it.

use std::time::Duration;

use super::batchers::Coalescing;
use super::parking::ParkingLimits;
use crate::store::leases::LeaseDefaults;

/// What an operator decided, as far as the use-cases need it.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub lease_defaults: LeaseDefaults,
    /// Events a poll gets that names no limit.
    pub default_limit: u32,
    /// After the service was away, leases are not judged for that long.
    pub grace_seconds: u32,
    pub retention_days: i32,
    pub audit_retention_days: i32,
    /// With authentication, engines get a token of their own when they register.
    pub issues_engine_tokens: bool,
    /// Of one engine, however many heartbeats add to it; for its `static_config` and patches as well.
    pub max_dynamic_state_bytes: usize,
    /// How long a parked poll waits before it looks again without having been woken.
    pub recheck: Duration,
    pub coalescing: Coalescing,
    pub max_queues: u32,
    /// One caller makes in an hour.
    pub max_new_queues_per_hour: u32,
    /// With authentication, one caller registers in an hour.
    pub max_new_engines_per_hour: u32,
    /// With a retry policy of their own.
    pub max_event_types: u32,
    pub parking: ParkingLimits,
    /// Of one use-case's statements together; each statement and each wait for a connection has its own limit. Only a
    /// connection that is there and dumb makes a use-case last so long.
    pub call_timeout: Duration,
}
