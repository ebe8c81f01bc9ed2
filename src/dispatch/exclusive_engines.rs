//! The engines that this replica keeps exclusive for a suspect, by queue.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};

use crate::domain::exclusive_engine::{self, Eligible};
use crate::domain::ids::EngineId;

/// One engine of a queue at a time, as `domain::exclusive_engine` decides.
#[derive(Debug)]
pub struct ExclusiveEngines {
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Only of queues where a suspect has waited lately.
    queues: HashMap<String, exclusive_engine::ExclusiveEnginesOfQueue>,
    /// By how much the time that is used is ahead of the real one, for tests.
    ahead: Duration,
}

impl Default for ExclusiveEngines {
    fn default() -> Self {
        Self { started: Instant::now(), state: Mutex::default() }
    }
}

impl ExclusiveEngines {
    fn lock(&self) -> (MutexGuard<'_, State>, Duration) {
        let state = self.state.lock();
        let now = self.started.elapsed() + state.ahead;
        (state, now)
    }

    /// The engines of the queue that may be made exclusive now.
    pub fn eligible(&self, engine_type: &str) -> Eligible {
        let (state, now) = self.lock();
        state.queues.get(engine_type).map(|engines| engines.at(now)).unwrap_or_default()
    }

    /// Notes what a claim committed: the engines that were given a suspect, and the one that was kept exclusive.
    pub fn note(&self, engine_type: &str, given_suspects: &[EngineId], exclusive: Option<EngineId>) {
        let (mut state, now) = self.lock();
        if let Some(engines) = state.queues.get_mut(engine_type) {
            for engine_id in given_suspects {
                engines.given_suspect(*engine_id, now);
            }
        }
        if let Some(engine_id) = exclusive {
            state.queues.retain(|_, engines| !engines.are_over(now));
            state.queues.entry(engine_type.to_owned()).or_default().make_exclusive(engine_id, now);
        }
    }

    /// Makes all of them older than they are.
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
        let engines = ExclusiveEngines::default();
        engines.note("dialogue", &[], Some(ENGINE));
        assert_eq!(engines.eligible("dialogue").exclusive, Some(ENGINE));
        assert_eq!(engines.eligible("vision"), Eligible::default());
        engines.age(Duration::from_mins(62));
        engines.note("vision", &[], Some(ENGINE));
        assert_eq!(engines.lock().0.queues.len(), 1);
    }
}
