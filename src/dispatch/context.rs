//! What all parts of dispatch share: settings, and what the server lends them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::error::Result;
use crate::metrics::Metrics;
use crate::store::leases::LeaseDefaults;
use crate::store::{self, Connection, Pool, Transaction};
use crate::supervisor::Supervisor;
use crate::troubles::Troubles;

/// What an operator decided.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// For queues without a setting of their own.
    pub lease_defaults: LeaseDefaults,
    /// Events for a poll that names no limit.
    pub default_limit: u32,
    /// Events of one claim.
    pub max_rows: usize,
    /// How long a poll waits before its queue is checked again without a signal.
    pub recheck: Duration,
    /// Polls of one engine that may wait.
    pub max_polls_of_engine: usize,
    /// Requests that may wait: polls, and reads that wait for an event's end.
    pub max_waiting: usize,
    /// All statements of one use-case together; each statement and each wait for a connection has its own limit. Only a
    /// connection that is there and dumb makes a use-case last so long.
    pub call_timeout: Duration,
}

/// What the server lends to dispatch.
#[derive(Debug)]
pub struct Context {
    /// Connections for what changes something.
    pub pool: Pool,
    /// What an operator decided.
    pub settings: Settings,
    /// Where waiting polls and claims are counted.
    pub metrics: Arc<Metrics>,
    /// Runs the tasks, and starts again those that panic.
    pub supervisor: Supervisor,
    /// Where repeated failures are logged once.
    pub troubles: Arc<Troubles>,
    /// A permit for each request that may wait.
    pub places_to_wait: Arc<Semaphore>,
    /// A permit for each request that is carried out alone, and may have to wait for locks.
    pub alone: Arc<Semaphore>,
    /// Distinguishes this replica from others.
    pub replica_id: Uuid,
    /// Cancelled when waiting polls are to be answered at once.
    pub stopping: CancellationToken,
}

impl Context {
    /// One connection from the pool; waits no longer than the pool's acquire timeout.
    pub async fn connection(&self) -> store::Result<Connection> {
        self.pool.acquire().await
    }

    /// Gives up what takes the database too long altogether.
    pub fn in_time<T>(&self, work: impl Future<Output = Result<T>>) -> impl Future<Output = Result<T>> {
        store::pool::in_time(self.settings.call_timeout, work)
    }

    /// Begins a transaction that waits for locks as long as it may, or gives up soon.
    pub async fn begin(&self, is_patient: bool) -> store::Result<Transaction> {
        if is_patient { store::pool::begin(&self.pool).await } else { store::pool::begin_impatient(&self.pool).await }
    }
}
