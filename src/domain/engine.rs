//! What the service knows of an engine.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::EngineId;
use super::json::RawJson;
use super::names::{EngineType, ScenarioRunId};
use super::words::words;

/// A registered engine.
#[derive(Clone, Debug)]
pub struct Engine {
    /// Chosen by the engine.
    pub engine_id: EngineId,
    /// The queue it leases from.
    pub engine_type: String,
    /// Whether it is given events.
    pub status: EngineStatus,
    /// `None`: none since it registered.
    pub last_heartbeat: Option<DateTime<Utc>>,
    /// As its last heartbeat said.
    pub current_workload: Option<i32>,
    /// The simulation run it belongs to.
    pub scenario_run_id: Option<String>,
    /// The queues beside its own into which it may enqueue follow-up events.
    pub may_enqueue: Vec<String>,
    /// What it says of itself.
    pub description: Description,
    /// How often it has registered, from 1.
    pub incarnation: i32,
    /// When it last registered.
    pub registered_at: DateTime<Utc>,
    /// When it last sent anything.
    pub last_seen_at: DateTime<Utc>,
    /// When it last polled.
    pub last_poll_at: Option<DateTime<Utc>>,
    /// How many events it holds.
    pub leases_held: i32,
    /// `None`: judged by its leases alone.
    pub heartbeat_timeout_seconds: Option<i32>,
    /// It is given no more events, also when it comes back from being unresponsive; `None` while it is not draining.
    pub drain: Option<Drain>,
    /// It is given no events until then, as it asked; `None` once that is over.
    pub holding_off: Option<HoldingOff>,
    /// Its version is quarantined in its queue: it is given no events.
    pub is_quarantined: bool,
}

/// Why an engine is given no more events, and what it is to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drain {
    /// As it was given, for people.
    pub reason: Option<String>,
    /// Once it holds nothing.
    pub then: AfterDrain,
    /// When it began.
    pub since: DateTime<Utc>,
}

/// What a draining engine is to do once it holds nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AfterDrain {
    /// It may exit.
    #[default]
    Exit,
    /// It stays, and sends heartbeats, until it is resumed.
    Stay,
}

words!(AfterDrain {
    Exit = "exit",
    Stay = "stay",
});

/// An engine's own wish to be given no events for a while.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HoldingOff {
    /// Ends then by itself.
    pub until: DateTime<Utc>,
    /// As the engine says, for people.
    pub reason: String,
}

/// The two objects by which an engine describes itself.
#[derive(Clone, Debug, Deserialize)]
pub struct Description {
    /// As its registration sent it.
    pub static_config: RawJson,
    /// As its registration and heartbeats made it.
    pub dynamic_state: RawJson,
}

/// Which engines are wanted; `None` is any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The engine.
    pub engine_id: Option<EngineId>,
    /// The queue they lease from.
    pub engine_type: Option<String>,
    /// The queues they lease from: those that the caller's token is limited to.
    pub engine_types: Option<Vec<String>>,
    /// Whether they are given events.
    pub status: Option<EngineStatus>,
    /// One of those they said they have.
    pub capability: Option<String>,
    /// The simulation run they belong to.
    pub scenario_run_id: Option<String>,
    /// As they registered it.
    pub engine_software_version: Option<String>,
    /// They hold nothing, or (`false`) something.
    pub is_idle: Option<bool>,
    /// They live without working, or (`false`) do not.
    pub is_zombie: Option<bool>,
    /// They have held some event for longer than that.
    pub held_over_seconds: Option<u32>,
    /// They have sent nothing at all for longer than that.
    pub silent_over_seconds: Option<u32>,
}

/// A registration, checked.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Chosen by the engine.
    pub engine_id: EngineId,
    /// The queue it leases from.
    pub engine_type: EngineType,
    /// The simulation run it belongs to.
    pub scenario_run_id: Option<ScenarioRunId>,
    /// `None`: judged by its leases alone.
    pub heartbeat_timeout_seconds: Option<u32>,
    /// The queues beside its own into which it may enqueue follow-up events; `None`: not said.
    pub may_enqueue: Option<Vec<EngineType>>,
    /// What it says of itself.
    pub metadata: Metadata,
}

/// Which engines to drain; `None` is any.
#[derive(Clone, Debug, Default)]
pub struct DrainFilter {
    /// The queue they lease from.
    pub engine_type: Option<String>,
    /// The queues they lease from: those that the caller's token is limited to.
    pub engine_types: Option<Vec<String>>,
    /// As they registered it.
    pub engine_software_version: Option<String>,
}

/// What is said to an engine that is told to drain. One that is draining already keeps what is `None`; for others, that is no reason,
/// and to exit.
#[derive(Clone, Debug, Default)]
pub struct DrainOrder {
    /// For people.
    pub reason: Option<String>,
    /// Once it holds nothing.
    pub then: Option<AfterDrain>,
}

/// An engine that a drain of many is meant for.
#[derive(Clone, Debug)]
pub struct Drained {
    /// The engine.
    pub engine_id: EngineId,
    /// The queue it leases from.
    pub engine_type: String,
    /// Before the call.
    pub was_draining: bool,
}

/// What an engine says of holding off in a heartbeat.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HoldingOffChange {
    /// It wants no events until then.
    Begins(HoldingOff),
    /// It takes events again.
    Ends,
}

impl HoldingOffChange {
    /// What then holds.
    #[must_use]
    pub const fn holding_off(&self) -> Option<&HoldingOff> {
        match self {
            Self::Begins(holding_off) => Some(holding_off),
            Self::Ends => None,
        }
    }
}

/// The engines of one type and standing; there may be several summaries of one standing.
#[derive(Clone, Debug)]
pub struct TypeSummary {
    /// The queue they lease from.
    pub engine_type: String,
    /// Whether they are given events, and why not.
    pub standing: Standing,
    /// Their version is quarantined, whatever their status.
    pub is_quarantined: bool,
    /// They asked for no events for a while, whatever their status.
    pub is_holding_off: bool,
    /// How many they are.
    pub engines: i64,
    /// Engines without a `max_concurrent_events`.
    pub unlimited: i64,
    /// The sum of their `max_concurrent_events`; an engine that has no limit, or holds more than it, counts with what it holds.
    pub slots: i64,
    /// How many events they hold.
    pub leases_held: i64,
    /// How many of them hold nothing.
    pub idle: i64,
}

/// Whether an engine is given events.
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

words!(EngineStatus {
    Active = "active",
    Draining = "draining",
    Unresponsive = "unresponsive",
});

/// What an engine counts as where engines are counted: its status, or why an active one is given nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It is given events.
    Active,
    /// It is told to take no more.
    Draining,
    /// It is silent.
    Unresponsive,
    /// Active, but for the quarantine of its version.
    Quarantined,
    /// Active, but it asked for no events for a while.
    HoldingOff,
}

words!(Standing {
    Active = "active",
    Draining = "draining",
    Unresponsive = "unresponsive",
    Quarantined = "quarantined",
    HoldingOff = "holding_off",
});

impl Standing {
    /// What an engine counts as. One that holds off counts as quarantined where its version is.
    #[must_use]
    pub const fn of(status: EngineStatus, is_quarantined: bool, is_holding_off: bool) -> Self {
        match (status, is_quarantined, is_holding_off) {
            (EngineStatus::Draining, _, _) => Self::Draining,
            (EngineStatus::Unresponsive, _, _) => Self::Unresponsive,
            (EngineStatus::Active, true, _) => Self::Quarantined,
            (EngineStatus::Active, false, true) => Self::HoldingOff,
            (EngineStatus::Active, false, false) => Self::Active,
        }
    }
}

/// What a registration says: that an engine is new, or that a known one has restarted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RegistrationKind {
    /// The id was not registered before.
    New,
    /// The id was registered before; the leases of the earlier registration end.
    Restarted,
}

words!(RegistrationKind {
    New = "new",
    Restarted = "restarted",
});

/// An engine that knows its timeout should send a heartbeat this often: one may be lost unnoticed.
#[must_use]
pub const fn heartbeat_interval_seconds(timeout_seconds: u32) -> u32 {
    let third = timeout_seconds / 3;
    if third == 0 { 1 } else { third }
}

/// What an engine says of itself: objects kept as sent, and what the service reads out of them.
#[derive(Clone, Debug)]
pub struct Metadata {
    /// An object, as it was sent.
    pub static_config: RawJson,
    /// An object; heartbeats change its members.
    pub dynamic_state: RawJson,
    /// For filters and people; the service does not match them with events.
    pub capabilities: Vec<String>,
    /// How many events it may hold at a time; `None`: no limit of its own.
    pub max_concurrent_events: Option<u32>,
    /// For filters and people.
    pub engine_software_version: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heartbeats_come_three_times_a_timeout() {
        assert_eq!(heartbeat_interval_seconds(45), 15);
        assert_eq!(heartbeat_interval_seconds(3), 1);
        for status in EngineStatus::ALL {
            assert_eq!(EngineStatus::parse(status.as_str()), Some(status));
        }
    }
}
