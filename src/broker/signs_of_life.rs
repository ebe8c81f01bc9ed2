//! Calls of engines, kept in memory and written by a task in one statement: a write for every
//! call would be most of the database's work.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::domain::ids::EngineId;

#[derive(Debug, Default)]
pub struct SignsOfLife {
    /// Whether the engine polled.
    noted: Mutex<HashMap<EngineId, bool>>,
}

/// Engines that make themselves known in one interval; beyond it they are noted at their next call.
const MAX_NOTED: usize = 100_000;

impl SignsOfLife {
    pub fn note(&self, engine_id: EngineId, has_polled: bool) {
        let mut noted = self.noted.lock().expect("nothing panics while it holds this lock");
        if let Some(before) = noted.get_mut(&engine_id) {
            *before |= has_polled;
        } else if noted.len() < MAX_NOTED {
            noted.insert(engine_id, has_polled);
        }
    }

    pub fn take(&self) -> Vec<(EngineId, bool)> {
        std::mem::take(&mut *self.noted.lock().expect("nothing panics while it holds this lock")).into_iter().collect()
    }
}
