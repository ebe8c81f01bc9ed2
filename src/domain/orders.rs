//! What an engine is told with the replies to its heartbeats, and when that is news to it.

use serde::Serialize;
use utoipa::ToSchema;

use super::engine::{AfterDrain, Drain, EngineStatus};
use super::ids::EventId;

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

#[cfg(test)]
mod tests {
    use chrono::DateTime;

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
}
