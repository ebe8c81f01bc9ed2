//! A poll and its answer.

use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use crate::domain::engine::HoldingOff;
use crate::domain::ids::EngineId;
use crate::domain::leased_event::LeasedEvent;
use crate::domain::names::EngineType;
use crate::domain::queue::Quarantine;

/// One poll, checked.
#[derive(Clone, Debug)]
pub struct Poll {
    /// The queue it asks for events.
    pub engine_type: EngineType,
    /// `None`: an anonymous lease.
    pub engine_id: Option<EngineId>,
    /// The engine's, which must be the registered one; `None`: it does not say.
    pub incarnation: Option<i32>,
    /// Events at most; `None`: the queue's default, else the server's.
    pub limit: Option<u32>,
    /// How long it waits for an event.
    pub wait: Duration,
    /// How long its leases last; `None`: as the event, the queue or the server says.
    pub visibility_timeout_seconds: Option<u32>,
    /// The same for a repetition, which is answered with the leases of the first.
    pub poll_id: Option<Uuid>,
}

impl Poll {
    /// What must be the same where a poll is repeated under its `poll_id`.
    pub fn terms(&self) -> String {
        let number = |number: Option<u32>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        format!("{} {} {}", self.engine_type, number(self.limit), number(self.visibility_timeout_seconds))
    }
}

/// The answer to a poll.
#[derive(Debug, Default)]
pub struct Polled {
    /// With their leases; empty if the poll got none.
    pub events: Vec<LeasedEvent>,
    /// Why there are none, where there is a cause beside an empty queue.
    pub notice: Option<PollNotice>,
    /// The leases were given to an earlier request with the same `poll_id`.
    pub is_repeat: bool,
}

impl Polled {
    /// An answer without events, and its cause.
    pub fn nothing(notice: PollNotice) -> Self {
        Self { notice: Some(notice), ..Self::default() }
    }

    /// Leases that were given for this poll, and that nobody has unless its caller gets the answer. Those of a repeat are
    /// in the hands of another caller.
    pub fn are_new_leases(&self) -> bool {
        !self.is_repeat && !self.events.is_empty()
    }
}

impl PollNotice {
    /// Whether the engine itself is given nothing, whatever its queue has, but for draining.
    pub const fn keeps_engine_out(&self) -> bool {
        match self {
            Self::VersionQuarantined(_) | Self::EngineHoldingOff { .. } => true,
            Self::EngineDraining { .. }
            | Self::EngineAtCapacity { .. }
            | Self::QueuePaused
            | Self::QueueAtMaxProcessing { .. }
            | Self::ServerStopping => false,
        }
    }
}

/// Why a poll got no events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PollNotice {
    /// The engine was told to drain.
    EngineDraining {
        /// Events the engine still holds.
        held: u32,
    },
    /// The engine holds as much as it may.
    EngineAtCapacity {
        /// Events the engine holds.
        held: u32,
        /// It holds an isolated suspect, or is reserved for one, and gets no other until that one ends.
        is_held_for_a_suspect: bool,
    },
    /// An operator paused the queue; its events wait.
    QueuePaused,
    /// As many events of the queue are being processed as its `max_processing`.
    QueueAtMaxProcessing {
        /// Events of the queue that engines hold.
        processing: u32,
    },
    /// The engine's version is quarantined in this queue.
    VersionQuarantined(Box<Quarantine>),
    /// The engine asked for no events for a while.
    EngineHoldingOff {
        /// As this replica's clock measures it.
        ends_at: Instant,
        /// As the engine said.
        holding_off: Box<HoldingOff>,
    },
    /// The replica stops; another one may have events.
    ServerStopping,
}
