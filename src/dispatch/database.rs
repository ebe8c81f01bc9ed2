//! The database, as dispatch uses it.

use std::time::Duration;

use crate::store::{self, Connection, Pool, Result, Transaction};

/// The working connections, and how long all statements of one claim or check may take together.
#[derive(Clone, Debug)]
pub struct Database {
    pub pool: Pool,
    pub call_timeout: Duration,
}

impl Database {
    pub async fn connection(&self) -> Result<Connection> {
        self.pool.acquire().await
    }

    /// Gives up what takes the database too long altogether.
    pub async fn in_time<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let outcome = store::pool::within(self.call_timeout, work).await;
        outcome.unwrap_or_else(|| Err(store::Error::stalled()))
    }

    /// Begins a transaction that waits for locks as long as it may, or gives up soon.
    pub async fn begin(&self, is_patient: bool) -> Result<Transaction> {
        if is_patient { store::pool::begin(&self.pool).await } else { store::pool::begin_impatient(&self.pool).await }
    }
}
