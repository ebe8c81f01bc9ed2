//! What this replica did in each queue since it was last written down.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::store::queues::activity::Counts;

/// What was counted in each queue since the counts were last taken.
#[derive(Debug, Default)]
pub struct Activity {
    queues: Mutex<HashMap<String, Counts>>,
}

impl Activity {
    /// Adds to a queue's counts.
    pub fn count(&self, engine_type: &str, add: impl FnOnce(&mut Counts)) {
        let mut queues = self.queues.lock();
        if let Some(counts) = queues.get_mut(engine_type) {
            add(counts);
        } else {
            add(queues.entry(engine_type.to_owned()).or_default());
        }
    }

    /// Takes all counts; counting begins anew.
    pub fn take(&self) -> Vec<(String, Counts)> {
        std::mem::take(&mut *self.queues.lock()).into_iter().collect()
    }
}
