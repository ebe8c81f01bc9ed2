//! Housekeeping: fingerprints of dead letters that have none.

use crate::broker::state::Broker;
use crate::domain::limits::{FINGERPRINT_BATCH_DEAD_LETTERS, FINGERPRINT_BATCHES_OF_ROUND};
use crate::error::Result;
use crate::store::dead_letters::fingerprints;
use crate::store::pool::commit;

impl Broker {
    /// One round: makes the fingerprints of some dead letters that have none; says of how many. The next round goes on.
    pub async fn fill_in_fingerprints(&self) -> Result<usize> {
        let mut done = 0;
        for _ in 0..FINGERPRINT_BATCHES_OF_ROUND {
            let batch = self.in_time(self.fill_in_some_fingerprints()).await?;
            done += batch;
            if batch < FINGERPRINT_BATCH_DEAD_LETTERS as usize || self.stopping.is_cancelled() {
                break;
            }
        }
        Ok(done)
    }

    async fn fill_in_some_fingerprints(&self) -> Result<usize> {
        let mut transaction = self.begin().await?;
        let done = fingerprints::fill_in(&mut transaction, FINGERPRINT_BATCH_DEAD_LETTERS).await?;
        commit(transaction).await?;
        Ok(done)
    }
}
