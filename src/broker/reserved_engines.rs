//! The engines that this replica keeps free for suspects, a queue each.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};

use crate::domain::ids::EngineId;
use crate::domain::reservation::{Reservable, Reservations};

#[derive(Debug)]
pub struct ReservedEngines {
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Only of queues where a suspect has waited lately.
    queues: HashMap<String, Reservations>,
    /// How much later it is taken to be than it is.
    ahead: Duration,
}

impl Default for ReservedEngines {
    fn default() -> Self {
        Self { started: Instant::now(), state: Mutex::default() }
    }
}

impl ReservedEngines {
    fn lock(&self) -> (MutexGuard<'_, State>, Duration) {
        let state = self.state.lock();
        let now = self.started.elapsed() + state.ahead;
        (state, now)
    }

    /// The engines of the queue that may be reserved now.
    pub fn reservable(&self, engine_type: &str) -> Reservable {
        let (state, now) = self.lock();
        state.queues.get(engine_type).map(|reservations| reservations.at(now)).unwrap_or_default()
    }

    /// What a claim came to: the engines that were given a suspect, and the one that was given nothing for one.
    pub fn note(&self, engine_type: &str, fulfilled: &[EngineId], reserved: Option<EngineId>) {
        let (mut state, now) = self.lock();
        if let Some(reservations) = state.queues.get_mut(engine_type) {
            for engine_id in fulfilled {
                reservations.fulfil(*engine_id, now);
            }
        }
        if let Some(engine_id) = reserved {
            state.queues.retain(|_, reservations| !reservations.are_over(now));
            state.queues.entry(engine_type.to_owned()).or_default().reserve(engine_id, now);
        }
    }

    /// Lets every reservation be older than it is.
    pub fn age(&self, by: Duration) {
        self.lock().0.ahead += by;
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ENGINE: EngineId = EngineId(Uuid::from_u128(1));

    #[test]
    fn queues_are_apart_and_are_forgotten() {
        let engines = ReservedEngines::default();
        engines.note("dialogue", &[], Some(ENGINE));
        assert_eq!(engines.reservable("dialogue").reserved, Some(ENGINE));
        assert_eq!(engines.reservable("vision"), Reservable::default());
        engines.age(Duration::from_mins(62));
        engines.note("vision", &[], Some(ENGINE));
        assert_eq!(engines.lock().0.queues.len(), 1);
    }
}
