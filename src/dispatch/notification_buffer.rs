//! Notifications for other replicas: of queues into which events came that no poll waits for here. Collected, and sent
//! in one statement at most ten times a second: a commit with a notification holds up all other commits with one.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::context::Context;
use crate::error::Result;
use crate::store;

/// From one statement to the next at least.
const PAUSE: Duration = Duration::from_millis(100);
/// Queues that are kept; of more, other replicas find out by their own rechecks.
const MAX_QUEUES: usize = 1000;
/// The task's name in metrics and in the log.
pub const TASK: &str = "outbox";

/// The names of queues to notify other replicas of.
#[derive(Debug)]
pub struct NotificationBuffer {
    context: Arc<Context>,
    queues: Mutex<HashSet<String>>,
    added: Notify,
}

impl NotificationBuffer {
    /// A buffer without queues.
    pub fn new(context: Arc<Context>) -> Self {
        Self { context, queues: Mutex::default(), added: Notify::new() }
    }

    /// Adds a queue. Beyond the limit it is left out: the recheck of other replicas finds its events.
    pub fn add(&self, engine_type: &str) {
        let mut queues = self.queues.lock();
        if queues.len() < MAX_QUEUES && !queues.contains(engine_type) {
            queues.insert(engine_type.to_owned());
            drop(queues);
            self.added.notify_one();
        }
    }

    /// Notifies other replicas, until told to stop. What cannot be sent is dropped: they recheck anyway.
    pub async fn run(&self, stop: &CancellationToken) {
        loop {
            tokio::select! {
                () = self.added.notified() => {}
                () = stop.cancelled() => return,
            }
            let began = Instant::now();
            let queues: Vec<String> = self.queues.lock().drain().collect();
            match self.context.in_time(self.send(&queues)).await {
                Ok(()) => self.context.troubles.note_success_of_task(TASK),
                Err(error) => self.context.troubles.note_failure_of_task(TASK, &error),
            }
            sleep_until(began + PAUSE).await;
        }
    }

    async fn send(&self, queues: &[String]) -> Result<()> {
        if queues.is_empty() {
            return Ok(());
        }
        let mut connection = self.context.connection().await?;
        Ok(store::notices::tell_replicas(&mut connection, self.context.replica_id, queues).await?)
    }
}
