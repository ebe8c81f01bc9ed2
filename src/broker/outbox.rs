//! What other replicas are told: queues into which events came that nobody here waits for. Collected, and sent in
//! one statement at most ten times a second: a commit with a notification holds up all other commits with one.

use std::collections::HashSet;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Broker, Result};
use crate::store;

const PAUSE: Duration = Duration::from_millis(100);
/// Queues named at once; of more, other replicas find out by themselves.
const MAX_QUEUES: usize = 1000;

#[derive(Debug, Default)]
pub struct Outbox {
    queues: Mutex<HashSet<String>>,
    wanted: Notify,
}

impl Outbox {
    pub fn put(&self, engine_type: &str) {
        let mut queues = self.queues.lock();
        if queues.len() < MAX_QUEUES && !queues.contains(engine_type) {
            queues.insert(engine_type.to_owned());
            drop(queues);
            self.wanted.notify_one();
        }
    }

    fn take(&self) -> Vec<String> {
        let mut queues = self.queues.lock();
        queues.drain().collect()
    }
}

impl Broker {
    /// Tells other replicas, until told to stop. What cannot be said is let go: it is a hint, and they look anyway.
    pub async fn run_outbox(&self, stop: &CancellationToken) {
        loop {
            tokio::select! {
                () = self.outbox.wanted.notified() => {}
                () = stop.cancelled() => return,
            }
            let began = Instant::now();
            match self.in_time(self.tell_replicas(&self.outbox.take())).await {
                Ok(()) => self.troubles.note_success_of_task("outbox"),
                Err(error) => self.troubles.note_failure_of_task("outbox", &error),
            }
            sleep_until(began + PAUSE).await;
        }
    }

    async fn tell_replicas(&self, engine_types: &[String]) -> Result<()> {
        if engine_types.is_empty() {
            return Ok(());
        }
        let mut connection = self.connection().await?;
        Ok(store::notices::tell_replicas(&mut connection, self.replica_id, engine_types).await?)
    }
}
