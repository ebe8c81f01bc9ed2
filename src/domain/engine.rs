//! What the service knows of an engine.

use serde::Serialize;
use utoipa::ToSchema;

use super::json::RawJson;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EngineStatus {
    /// Is given events, until it is drained, falls silent, or goes.
    Active,
    /// Is given no more events; finishes what it holds. Ended by resume.
    Draining,
    /// Sent nothing at all for its heartbeat timeout. Its next call ends it. If it has sent a heartbeat since it registered, its
    /// leases have ended; if not, they end when they expire.
    Unresponsive,
}

impl EngineStatus {
    pub const ALL: [Self; 3] = [Self::Active, Self::Draining, Self::Unresponsive];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Draining => "draining",
            Self::Unresponsive => "unresponsive",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// What a registration says: that an engine is new, or that a known one has restarted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RegistrationKind {
    New,
    Restarted,
}

impl RegistrationKind {
    pub const ALL: [Self; 2] = [Self::New, Self::Restarted];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Restarted => "restarted",
        }
    }
}

/// What a heartbeat's reply asks of the engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = EngineCommand)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    Continue,
    /// Take no more events; finish what you hold.
    Drain,
    /// You are draining and hold nothing: you may exit.
    Stop,
}

impl Command {
    #[must_use]
    pub const fn for_engine(is_draining: bool, leases_held: u32) -> Self {
        match (is_draining, leases_held) {
            (false, _) => Self::Continue,
            (true, 0) => Self::Stop,
            (true, _) => Self::Drain,
        }
    }
}

/// An engine that knows its timeout should send a heartbeat this often: one may be lost unnoticed.
#[must_use]
pub const fn heartbeat_interval_seconds(timeout_seconds: u32) -> u32 {
    let third = timeout_seconds / 3;
    if third == 0 { 1 } else { third }
}

/// What an engine says of itself: objects kept as sent, and what the service reads out of them.
#[derive(Clone, Debug)]
pub struct Metadata {
    pub static_config: RawJson,
    pub dynamic_state: RawJson,
    pub capabilities: Vec<String>,
    pub max_concurrent_events: Option<u32>,
    pub engine_software_version: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draining_engine_stops_when_it_holds_nothing() {
        assert_eq!(Command::for_engine(false, 0), Command::Continue);
        assert_eq!(Command::for_engine(false, 3), Command::Continue);
        assert_eq!(Command::for_engine(true, 1), Command::Drain);
        assert_eq!(Command::for_engine(true, 0), Command::Stop);
    }

    #[test]
    fn heartbeats_come_three_times_a_timeout() {
        assert_eq!(heartbeat_interval_seconds(45), 15);
        assert_eq!(heartbeat_interval_seconds(3), 1);
        for status in EngineStatus::ALL {
            assert_eq!(EngineStatus::parse(status.as_str()), Some(status));
        }
    }
}
