//! How the database stands, for the people who run the service.

use super::state::Broker;
use crate::domain::database_health::warnings::{self, Warning};
use crate::domain::database_health::{DatabaseHealth, ListenerHealth, ReplicaHealth};
use crate::error::Result;
use crate::store;

impl Broker {
    /// Examines the database, on a connection of its own, within seconds; the worst warning comes first.
    pub async fn examine_database(&self) -> Result<(DatabaseHealth, ReplicaHealth, Vec<Warning>)> {
        let pools = [&self.pool, &self.reading_pool];
        let before = pools.map(store::health::pool_use);
        let listener = self.dispatch.listener();
        let found = store::health::examine(&self.pool, listener.pid).await?;
        let after = pools.map(store::health::pool_use);
        // Used up for a moment is not worth a warning.
        let of_pool = |index: usize| if before[index].idle > after[index].idle { before[index] } else { after[index] };
        let replica = ReplicaHealth {
            version: env!("CARGO_PKG_VERSION"),
            seconds_since_start: self.readiness.run_time().as_secs_f64(),
            pool: of_pool(0),
            reading_pool: of_pool(1),
            listener: ListenerHealth {
                // A connection may be dead without anybody having noticed at this end.
                is_connected: found.listener_since.is_some(),
                pid: listener.pid,
                since: found.listener_since,
                interruptions: listener.interruptions,
            },
            clock: found.clock,
            seconds_since_write: self.readiness.write_age().map(|age| age.as_secs_f64()),
        };
        let warnings = warnings::of(&found.database, &replica);
        Ok((found.database, replica, warnings))
    }
}
