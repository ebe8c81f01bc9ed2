//! How the database stands, for the people who run the service.

use super::{Broker, Result};
use crate::domain::database_health::warnings::{self, Warning};
use crate::domain::database_health::{DatabaseHealth, ListenerHealth, ReplicaHealth};
use crate::store;

impl Broker {
    /// Examines the database, on a connection of its own, within seconds; the worst warning comes first.
    pub async fn examine_database(&self) -> Result<(DatabaseHealth, ReplicaHealth, Vec<Warning>)> {
        let before = store::health::pool_use(&self.pool);
        let listener = self.listener.state();
        let found = store::health::examine(&self.pool, listener.pid).await?;
        let after = store::health::pool_use(&self.pool);
        let replica = ReplicaHealth {
            // Used up for a moment is not worth a warning.
            pool: if before.idle > after.idle { before } else { after },
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
