//! Removing queues: by an operator, and by housekeeping, which also makes the rows again that are missing.

use serde_json::json;

use crate::broker::state::Broker;
use crate::domain::access::Operation;
use crate::domain::audit::Actor;
use crate::domain::names::EngineType;
use crate::domain::queue::QueueUses;
use crate::error::{Error, Result};
use crate::store::pool::commit;
use crate::store::queues::removal;
use crate::store::{self, queues};

/// Removed by housekeeping in one transaction.
const BATCH: u32 = 1000;

/// What housekeeping did.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct TendedQueues {
    /// Queues whose rows were missing and are there again.
    pub restored: u64,
    /// Queues that nothing had used for the retention period.
    pub removed: usize,
}

impl Broker {
    /// Removes a queue with its settings, unless something would be left without it. An event or engine that comes at
    /// this very moment may find the queue gone: it is taken in all the same, and housekeeping makes the queue again.
    ///
    /// # Errors
    /// [`Error::QueueInUse`] with what keeps it; [`Error::QueueNotFound`].
    pub async fn remove_queue(&self, by: &Actor, engine_type: &EngineType) -> Result<()> {
        let name = engine_type.as_str();
        let mut transaction = self.begin().await?;
        if !removal::lock(&mut transaction, name).await? {
            return Err(Error::QueueNotFound(engine_type.clone()));
        }
        // In a statement after the lock, so that nothing that was waited for is missed.
        let uses = removal::uses(&mut transaction, &[name.to_owned()]).await?.pop();
        if let Some(uses) = uses.filter(QueueUses::is_needed) {
            return Err(Error::QueueInUse(uses));
        }
        let before = queues::read(&mut transaction, name).await?.map(|queue| queue.settings);
        removal::remove(&mut transaction, &[name.to_owned()]).await?;
        let details = json!({"settings": before});
        store::audit::record(&mut transaction, by, Operation::DeleteQueue, name, &details).await?;
        commit(transaction).await?;
        tracing::info!(%engine_type, "queue removed");
        self.forget_queue(name);
        Ok(())
    }

    /// The queue was removed, here or by another replica.
    pub(in crate::broker) fn forget_queue(&self, engine_type: &str) {
        self.known_queues.forget(engine_type);
        self.metrics.forget_queue(engine_type);
    }

    /// Makes the rows of queues that have lost theirs and are needed, and removes those that nothing has kept for as long
    /// as ended events are kept.
    pub async fn tend_queues(&self) -> Result<TendedQueues> {
        let leases_since = self.dispatch.expiring().ended_until();
        let found = removal::uses_of_all(&mut *self.connection().await?, leases_since)
            .await
            .inspect_err(|_| self.known_queues.forget_all())?;
        let (with_row, without_row): (Vec<_>, Vec<_>) = found.into_iter().partition(|found| found.has_row);
        // A removal by another replica may have gone unheard, and rows may be deleted in SQL.
        self.known_queues.keep(&with_row.iter().map(|found| found.uses.engine_type.as_str()).collect());
        let to_restore = without_row.into_iter().filter(|found| found.uses.is_needed());
        let restored =
            removal::restore(&self.pool, &to_restore.map(|found| found.uses.engine_type).collect::<Vec<_>>()).await?;
        removal::note_unused(&self.pool, with_row.iter().map(|found| &found.uses)).await?;
        let mut transaction = self.begin().await?;
        let unused = removal::lock_long_unused(&mut transaction, self.settings.retention_days, BATCH).await?;
        if unused.is_empty() {
            return Ok(TendedQueues { restored, removed: 0 });
        }
        // Something may have come since that was noted; now it would wait.
        let mut uses = removal::uses(&mut transaction, &unused).await?;
        uses.retain(|uses| !uses.is_needed() && !uses.has_activity);
        let removed: Vec<String> = uses.into_iter().map(|uses| uses.engine_type).collect();
        removal::remove(&mut transaction, &removed).await?;
        commit(transaction).await?;
        for engine_type in &removed {
            self.forget_queue(engine_type);
        }
        Ok(TendedQueues { restored, removed: removed.len() })
    }
}
