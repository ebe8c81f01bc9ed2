//! What is known of engines without a query: enough to let one wait.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::waiting_poll::{Seen, WaitingPoll};
use crate::dispatch::poll::Poll;
use crate::domain::ids::EngineId;

/// An engine as a claim found it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Known {
    pub engine_type: String,
    pub is_draining: bool,
    /// It holds leases, of which a repeated poll may be asking.
    pub holds_any: bool,
}

impl Known {
    /// Whether a claim would find for a waiting poll what it found before.
    pub fn is_as_before(&self, poll: &WaitingPoll) -> bool {
        let may_be_a_repeat = poll.seen == Seen::Assumed && poll.poll.poll_id.is_some() && self.holds_any;
        self.engine_type == poll.poll.engine_type.as_str()
            && Some(self.is_draining) == poll.seen.is_draining()
            && !may_be_a_repeat
    }
}

/// Engines that are remembered; others are queried.
const MAX_ENGINES: usize = 100_000;

#[derive(Debug, Default)]
pub struct KnownEngines(HashMap<EngineId, (Known, Instant)>);

impl KnownEngines {
    pub fn note(&mut self, engine_id: EngineId, known: Known, at: Instant) {
        if self.0.len() >= MAX_ENGINES && !self.0.contains_key(&engine_id) {
            self.0.clear();
        }
        // What was queried before may be answered after.
        if self.0.get(&engine_id).is_none_or(|(_, known_at)| *known_at <= at) {
            self.0.insert(engine_id, (known, at));
        }
    }

    pub fn forget(&mut self, engine_id: EngineId) {
        self.0.remove(&engine_id);
    }

    /// Whether a claim could only find that there are no events for this poll.
    pub fn is_free_to_wait(&self, engine_id: EngineId, poll: &Poll, trust: Duration) -> bool {
        self.0.get(&engine_id).is_some_and(|(known, at)| {
            at.elapsed() < trust
                && known.engine_type == poll.engine_type.as_str()
                && !known.is_draining
                && (poll.poll_id.is_none() || !known.holds_any)
        })
    }
}
