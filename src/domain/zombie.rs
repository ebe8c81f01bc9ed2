//! Zombies: engines that live, hold nothing, and do not ask for work although their queue has some.

use chrono::{DateTime, TimeDelta, Utc};

use super::engine::EngineStatus;
use super::ids::EngineId;

/// An engine that has asked for nothing for so long has stopped asking: one that waits for events polls twice in that time.
pub const SILENT_SECONDS: u32 = 60;
/// A queue whose oldest due event has waited for so long needs engines that ask.
pub const DUE_SECONDS: f64 = 30.0;

/// What an engine does.
#[derive(Clone, Copy, Debug)]
pub struct EngineFacts {
    /// Whether it is given events.
    pub status: EngineStatus,
    /// How many events it holds.
    pub leases_held: i32,
    /// It asked to be given nothing for a while, and that while is not over.
    pub is_holding_off: bool,
    /// Its version is quarantined in its queue.
    pub is_quarantined: bool,
    /// When it last polled or settled; when it registered, or the service came back, if that was later.
    pub asked_at: DateTime<Utc>,
}

/// What a queue needs.
#[derive(Clone, Copy, Debug)]
pub struct QueueFacts {
    /// How long its oldest due event has been due; `None` where nothing is due.
    pub oldest_due_age_seconds: Option<f64>,
    /// It gives out nothing.
    pub is_paused: bool,
    /// How many of its events are leased, counted up to `max_processing` at least.
    pub processing: i64,
    /// How many of its events may be leased at a time; `None`: any number.
    pub max_processing: Option<i32>,
}

impl QueueFacts {
    /// It has had due events for some time, and gives them to engines that ask.
    #[must_use]
    pub fn needs_engines(&self) -> bool {
        let is_capped = self.max_processing.is_some_and(|most| self.processing >= i64::from(most));
        !self.is_paused && !is_capped && self.oldest_due_age_seconds.is_some_and(|age| age >= DUE_SECONDS)
    }
}

/// Whether an engine is a zombie of its queue.
#[must_use]
pub fn is_zombie(engine: &EngineFacts, queue: &QueueFacts, now: DateTime<Utc>) -> bool {
    let EngineFacts { status, leases_held, is_holding_off, is_quarantined, asked_at } = *engine;
    status == EngineStatus::Active
        && leases_held == 0
        && !is_holding_off
        && !is_quarantined
        && now - asked_at >= TimeDelta::seconds(SILENT_SECONDS.into())
        && queue.needs_engines()
}

/// An engine that may be a zombie, with all that the rule asks for, as of one moment.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The engine.
    pub engine_id: EngineId,
    /// The queue it leases from.
    pub engine_type: String,
    /// How many events it may hold at a time; `None`: no limit of its own.
    pub max_concurrent_events: Option<i32>,
    /// What it does.
    pub engine: EngineFacts,
    /// What its queue needs.
    pub queue: QueueFacts,
    /// The moment.
    pub now: DateTime<Utc>,
}

impl Candidate {
    /// Whether it is one.
    #[must_use]
    pub fn is_zombie(&self) -> bool {
        is_zombie(&self.engine, &self.queue, self.now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_900_000_000, 0).expect("a time")
    }

    fn ago(seconds: i64) -> DateTime<Utc> {
        now() - TimeDelta::seconds(seconds)
    }

    /// A blocked poller with a live heartbeat.
    fn blocked() -> EngineFacts {
        EngineFacts {
            status: EngineStatus::Active,
            leases_held: 0,
            is_holding_off: false,
            is_quarantined: false,
            asked_at: ago(SILENT_SECONDS.into()),
        }
    }

    fn needy() -> QueueFacts {
        QueueFacts {
            oldest_due_age_seconds: Some(DUE_SECONDS),
            is_paused: false,
            processing: 4,
            max_processing: Some(5),
        }
    }

    #[test]
    fn an_engine_that_does_not_ask_while_its_queue_waits_is_a_zombie() {
        assert!(is_zombie(&blocked(), &needy(), now()));
        assert!(is_zombie(&blocked(), &QueueFacts { max_processing: None, ..needy() }, now()));
    }

    #[test]
    fn an_engine_with_a_reason_not_to_ask_is_none() {
        let engines = [
            ("it works, for however long", EngineFacts { leases_held: 1, asked_at: ago(90), ..blocked() }),
            ("it asked lately", EngineFacts { asked_at: ago(i64::from(SILENT_SECONDS) - 1), ..blocked() }),
            ("it holds off", EngineFacts { is_holding_off: true, ..blocked() }),
            ("it would be given nothing", EngineFacts { is_quarantined: true, ..blocked() }),
            ("it is to stop", EngineFacts { status: EngineStatus::Draining, ..blocked() }),
            ("it is known to be gone", EngineFacts { status: EngineStatus::Unresponsive, ..blocked() }),
        ];
        for (why, engine) in engines {
            assert!(!is_zombie(&engine, &needy(), now()), "{why}");
        }
    }

    #[test]
    fn no_engine_is_one_while_its_queue_needs_none() {
        let queues = [
            ("nothing is due", QueueFacts { oldest_due_age_seconds: None, ..needy() }),
            ("it has been due for too short a time", QueueFacts { oldest_due_age_seconds: Some(29.9), ..needy() }),
            ("it is paused", QueueFacts { is_paused: true, ..needy() }),
            ("it is capped", QueueFacts { processing: 5, ..needy() }),
        ];
        for (why, queue) in queues {
            assert!(!is_zombie(&blocked(), &queue, now()), "{why}");
        }
    }
}
