//! Readers that wait until a run has no open events. Waking them is a hint: whoever is woken reads the run.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::domain::run::RunScope;

/// Who waits for which part of which run.
#[derive(Debug, Default)]
pub struct RunWaits {
    runs: Mutex<HashMap<RunScope, Waiting>>,
}

/// All that wait for one of them.
#[derive(Debug, Default)]
struct Waiting {
    is_idle: Arc<Notify>,
    count: usize,
}

impl RunWaits {
    /// Begins to wait. To be called before the run is read, so that no end is missed.
    pub fn begin(&self, scope: RunScope) -> RunWait<'_> {
        let mut runs = self.runs.lock();
        let run = runs.entry(scope.clone()).or_default();
        run.count += 1;
        RunWait { waits: self, scope, is_idle: Arc::clone(&run.is_idle) }
    }

    /// What somebody waits for.
    pub fn awaited(&self) -> Vec<RunScope> {
        self.runs.lock().keys().cloned().collect()
    }

    /// It has no open events: wakes all that wait for that.
    pub fn wake(&self, scope: &RunScope) {
        if let Some(run) = self.runs.lock().get(scope) {
            run.is_idle.notify_waiters();
        }
    }
}

/// One wait, until it is dropped.
#[derive(Debug)]
pub struct RunWait<'a> {
    waits: &'a RunWaits,
    scope: RunScope,
    /// Notified when the run may have no open events.
    pub is_idle: Arc<Notify>,
}

impl Drop for RunWait<'_> {
    fn drop(&mut self) {
        let mut runs = self.waits.runs.lock();
        if let Some(run) = runs.get_mut(&self.scope) {
            run.count -= 1;
            if run.count == 0 {
                runs.remove(&self.scope);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::names::ScenarioRunId;

    #[test]
    fn a_wait_that_is_over_leaves_nothing_behind() {
        let waits = RunWaits::default();
        let scope = RunScope { run: ScenarioRunId::parse("run-1").expect("a name"), engine_types: None };
        let (one, other) = (waits.begin(scope.clone()), waits.begin(scope.clone()));
        drop(one);
        assert_eq!(waits.awaited(), [scope]);
        drop(other);
        assert!(waits.awaited().is_empty());
    }
}
