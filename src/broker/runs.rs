//! Scenario runs: listed, read, waited for; below, cancelled and reopened.

mod cancel;

use std::time::Duration;

use super::state::Broker;
use crate::domain::limits::MAX_COUNTED_EVENTS_OF_RUN;
use crate::domain::run::{ListedRun, Run, RunScope};
use crate::error::Result;
use crate::store;

impl Broker {
    /// Runs behind `behind`, in the order of their names: those that have open events in these queues, and those that are
    /// cancelled in them.
    pub async fn list_runs(
        &self,
        behind: Option<&str>,
        engine_types: Option<&[String]>,
        limit: u32,
    ) -> Result<Vec<ListedRun>> {
        let mut connection = self.begin_reading().await?;
        Ok(store::runs::list(&mut connection, behind, engine_types, limit).await?)
    }

    async fn read_run(&self, scope: RunScope) -> Result<Run> {
        let mut connection = self.begin_reading().await?;
        Ok(store::runs::read(&mut connection, scope, MAX_COUNTED_EVENTS_OF_RUN).await?)
    }

    /// Reads a run when none of its events is open, or when `wait` is over or the service stops, as it stands then. While parked
    /// it asks the database nothing.
    pub async fn read_run_at_its_end(&self, scope: RunScope, wait: Duration) -> Result<Run> {
        let read = || self.read_run(scope.clone());
        self.read_at_its_end(&self.run_waits, scope.clone(), wait, read, |run| !run.has_open_events()).await
    }

    /// Wakes readers that wait for runs without open events: one statement for all that are awaited here.
    pub async fn wake_for_idle_runs(&self) -> Result<()> {
        let awaited = self.run_waits.awaited();
        if awaited.is_empty() {
            return Ok(());
        }
        let mut connection = self.connection().await?;
        for place in store::runs::idle(&mut connection, &awaited).await? {
            self.run_waits.wake(&awaited[place]);
        }
        Ok(())
    }
}
