//! Engines, counted by what they do.

use super::engine::EngineStatus;

/// The engines of one type, version and status, counted by what they do.
#[derive(Clone, Debug)]
pub struct EngineGroup {
    /// The queue they lease from.
    pub engine_type: String,
    /// As they registered it.
    pub engine_software_version: Option<String>,
    /// Whether they are given events.
    pub status: EngineStatus,
    /// How many they are.
    pub engines: i64,
    /// Those that hold nothing.
    pub idle: i64,
    /// Those that hold as many events as they may.
    pub full: i64,
    /// Those that live without working.
    pub zombie: i64,
    /// Those that asked to be given nothing for a while.
    pub holding_off: i64,
    /// Those whose version is quarantined in their queue.
    pub quarantined: i64,
    /// How many events they hold.
    pub leases_held: i64,
}
