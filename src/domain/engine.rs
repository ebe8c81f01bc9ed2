//! What the service knows of an engine.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::{EngineId, EventId};
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
    /// As they registered it.
    pub engine_software_version: Option<String>,
}

/// What is said to an engine that is told to drain.
#[derive(Clone, Debug, Default)]
pub struct DrainOrder {
    /// For people.
    pub reason: Option<String>,
    /// Once it holds nothing.
    pub then: AfterDrain,
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

/// How many engines of a type have a status.
#[derive(Clone, Debug)]
pub struct EngineCount {
    /// The queue they lease from.
    pub engine_type: String,
    /// Whether they are given events.
    pub status: EngineStatus,
    /// Their version is quarantined.
    pub is_quarantined: bool,
    /// How many they are.
    pub engines: i64,
}

/// The engines of one type and status.
#[derive(Clone, Debug)]
pub struct TypeSummary {
    /// The queue they lease from.
    pub engine_type: String,
    /// Whether they are given events.
    pub status: EngineStatus,
    /// Their version is quarantined: they are given none.
    pub is_quarantined: bool,
    /// How many they are.
    pub engines: i64,
    /// Engines without a `max_concurrent_events`.
    pub unlimited: i64,
    /// The sum of their `max_concurrent_events`; an engine that has no limit, or holds more than it, counts with what it holds.
    pub slots: i64,
    /// How many events they hold.
    pub leases_held: i64,
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

/// What a heartbeat's reply asks of the engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = EngineCommand)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Go on as before.
    Continue,
    /// Take no more events; finish what you hold.
    Drain,
    /// You are draining, are not to stay, and hold nothing: you may exit.
    Stop,
}

impl Command {
    /// The command for an engine that drains, if it does, and holds `leases_held` events.
    #[must_use]
    pub const fn for_engine(then: Option<AfterDrain>, leases_held: u32) -> Self {
        match (then, leases_held) {
            (None, _) => Self::Continue,
            (Some(AfterDrain::Exit), 0) => Self::Stop,
            (Some(AfterDrain::Exit | AfterDrain::Stay), _) => Self::Drain,
        }
    }
}

/// How an engine stands, as the replies to its heartbeats tell it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Orders {
    /// Whether it is given events.
    pub status: EngineStatus,
    /// `None` while it is not draining.
    pub drain: Option<Drain>,
    /// How many events it holds.
    pub leases_held: u32,
    /// How many it may hold at a time; `None`: no limit of its own.
    pub max_concurrent_events: Option<u32>,
    /// Of the events that it holds, those somebody wants cancelled, by id.
    pub events_to_cancel: Vec<EventId>,
}

impl Orders {
    /// What it should do next.
    #[must_use]
    pub fn command(&self) -> Command {
        Command::for_engine(self.drain.as_ref().map(|drain| drain.then), self.leases_held)
    }

    /// Whether they say something that an engine does not know which was told `before`: another command, another limit, or an
    /// event to cancel. One that was told nothing yet knows its limit from its registration.
    #[must_use]
    pub fn are_news(&self, before: Option<&Self>) -> bool {
        let Some(before) = before else {
            return self.command() != Command::Continue || !self.events_to_cancel.is_empty();
        };
        self.command() != before.command()
            || self.drain != before.drain
            || self.max_concurrent_events != before.max_concurrent_events
            || self.events_to_cancel.iter().any(|event_id| !before.events_to_cancel.contains(event_id))
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
    fn a_draining_engine_stops_when_it_holds_nothing() {
        assert_eq!(Command::for_engine(None, 0), Command::Continue);
        assert_eq!(Command::for_engine(None, 3), Command::Continue);
        assert_eq!(Command::for_engine(Some(AfterDrain::Exit), 1), Command::Drain);
        assert_eq!(Command::for_engine(Some(AfterDrain::Exit), 0), Command::Stop);
        assert_eq!(Command::for_engine(Some(AfterDrain::Stay), 0), Command::Drain, "it is to stay");
    }

    #[test]
    fn news_is_what_an_engine_was_not_told_before() {
        let idle = Orders {
            status: EngineStatus::Active,
            drain: None,
            leases_held: 1,
            max_concurrent_events: Some(3),
            events_to_cancel: Vec::new(),
        };
        let event = |number| EventId(uuid::Uuid::from_u128(number));
        let drain = Drain { reason: None, then: AfterDrain::Exit, since: DateTime::UNIX_EPOCH };
        let draining = Orders { drain: Some(drain), ..idle.clone() };
        let cancelling = Orders { events_to_cancel: vec![event(1)], ..idle.clone() };
        let both = Orders { events_to_cancel: vec![event(1), event(2)], ..idle.clone() };
        let limited = Orders { max_concurrent_events: Some(1), ..idle.clone() };
        assert!(!idle.are_news(None), "its limit is known from its registration");
        assert!([&draining, &cancelling].iter().all(|orders| orders.are_news(None)));
        assert!([&draining, &cancelling, &limited].iter().all(|orders| orders.are_news(Some(&idle))));
        assert!([&idle, &draining, &cancelling].iter().all(|orders| !orders.are_news(Some(orders))));
        assert!(idle.are_news(Some(&draining)), "it goes on");
        assert!(both.are_news(Some(&cancelling)));
        assert!(!cancelling.are_news(Some(&both)), "that one has ended is no news");
        assert!(!Orders { leases_held: 2, ..idle.clone() }.are_news(Some(&idle)));
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
