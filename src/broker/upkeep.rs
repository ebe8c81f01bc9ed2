//! What the background tasks do beside reaping: partitions, activity, when engines called.

use std::collections::HashMap;
use std::time::Duration;

use super::state::Broker;
use crate::error::Result;
use crate::store;
use crate::store::engines::liveness::Sign;
use crate::store::partitions::Removal;
use crate::store::pool::commit;

/// How many times a use-case's limit a round of a background task may last. Each limit allows for two statements, and a round
/// has at most eight whose length is not bounded otherwise: the reaper and the removal of partitions begin nothing more after
/// some seconds. So only a silent connection makes a round last longer.
const USE_CASES_OF_A_ROUND: u32 = 4;
/// Engines that have been unresponsive for this long, or have no heartbeat timeout and did not call for this long, are
/// removed.
const REMOVE_SILENT_AFTER_DAYS: i32 = 7;
/// Engines removed in one round.
const MAX_REMOVED: u32 = 500;

impl Broker {
    /// How long a round of a background task may last.
    pub fn round_timeout(&self) -> Duration {
        self.settings.dispatch.call_timeout * USE_CASES_OF_A_ROUND
    }

    /// Writes down which engines have called: all of them, at once.
    pub async fn flush_liveness(&self) -> Result<()> {
        self.write_liveness(self.liveness.take(true)).await
    }

    /// Writes down which engines have called, as far as it is time for that.
    pub async fn note_liveness(&self) -> Result<()> {
        self.write_liveness(self.liveness.take(false)).await
    }

    /// Those that cannot be written now are kept for the next time.
    async fn write_liveness(&self, signs: Vec<Sign>) -> Result<()> {
        if signs.is_empty() {
            return Ok(());
        }
        let outcome = async {
            let mut connection = self.connection().await?;
            store::engines::liveness::note_signs(&mut connection, &signs).await
        }
        .await;
        let noted: HashMap<_, _> = match &outcome {
            Ok(noted) => noted.iter().map(|noted| (noted.engine_id, noted)).collect(),
            Err(_) => HashMap::new(),
        };
        for sign in signs {
            match noted.get(&sign.engine_id) {
                Some(noted) if noted.is_written => {
                    self.liveness.written(noted.engine_id, noted.heartbeat_timeout_seconds);
                }
                // Locked by a lease, or nothing at all could be written.
                Some(_) => self.liveness.put_back(sign),
                None if outcome.is_err() => self.liveness.put_back(sign),
                // No such engine.
                None => {}
            }
        }
        outcome?;
        Ok(())
    }

    /// Removes engines that have been silent for a week, and says how many.
    pub async fn remove_long_silent(&self) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let (days, limit) = (REMOVE_SILENT_AFTER_DAYS, MAX_REMOVED);
        let removed = store::engines::liveness::remove_long_silent(&mut transaction, days, limit).await?;
        commit(transaction).await?;
        Ok(removed)
    }

    /// Makes partitions ahead and removes those past the retention.
    pub async fn tend_partitions(&self) -> Result<(u32, Removal)> {
        let made = store::partitions::make_ahead(&self.pool).await?;
        let removal =
            store::partitions::remove_older_than(&self.pool, self.settings.retention_days, self.settings.history_hours)
                .await?;
        Ok((made, removal))
    }

    /// Writes down what happened in the queues since the last time. What cannot be written is let go:
    /// it is for looking at, nothing depends on it.
    pub async fn write_activity(&self) -> Result<()> {
        let counted = self.activity.take();
        if !counted.is_empty() {
            store::queues::activity::add(&self.pool, self.replica_id, &counted).await?;
            store::queues::activity::forget_old(&self.pool).await?;
        }
        Ok(())
    }

    /// Forgets idempotency keys whose time is over.
    pub async fn forget_idempotency_keys(&self) -> Result<u64> {
        Ok(store::events::idempotency::forget_expired(&self.pool).await?)
    }

    /// Whether this replica has written to the database within the last five seconds. Asks nobody: that the schema is of
    /// this version was checked at the start.
    pub fn is_ready(&self) -> bool {
        self.readiness.is_ready()
    }
}
