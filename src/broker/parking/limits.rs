//! How many requests may wait.

use super::{Parking, State};
use crate::broker::Error;
use crate::domain::ids::EngineId;

/// How many may wait.
#[derive(Clone, Copy, Debug)]
pub struct ParkingLimits {
    pub polls_of_engine: usize,
    /// Polls, and reads that wait for an event's end.
    pub requests: usize,
}

impl Parking {
    /// Why a poll may not wait.
    pub(super) fn full(&self, state: &State, engine_id: Option<EngineId>) -> Option<Error> {
        let ParkingLimits { polls_of_engine, requests } = self.limits;
        if let Some(engine_id) = engine_id
            && state.engines.get(&engine_id).is_some_and(|polls| polls.len() >= polls_of_engine)
        {
            return Some(Error::TooManyPollsOfEngine { engine_id, limit: polls_of_engine });
        }
        let event_waits = usize::try_from(self.event_waits.get()).unwrap_or(0);
        (state.tickets.len() + event_waits >= requests).then_some(Error::TooManyParked { limit: requests })
    }
}
