//! Writes down what happened in the queues, and sets the gauges that are read from the database.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::Task;
use crate::broker::{self, Broker};

const AT_MOST_EVERY: Duration = Duration::from_secs(5);
/// After a round that took a second, so many seconds pass until the next.
const REST: u32 = 50;

pub struct Statistics {
    pub broker: Arc<Broker>,
    took_ms: AtomicU64,
}

impl Statistics {
    pub const fn new(broker: Arc<Broker>) -> Self {
        Self { broker, took_ms: AtomicU64::new(0) }
    }
}

impl Task for Statistics {
    const NAME: &'static str = "statistics";

    /// Counting is not worth more than a small part of the database's time.
    fn interval(&self) -> Duration {
        let took = Duration::from_millis(self.took_ms.load(Ordering::Relaxed));
        (took * REST).max(AT_MOST_EVERY)
    }

    async fn run_once(&self) -> broker::Result<Option<String>> {
        self.broker.write_activity().await?;
        let began = Instant::now();
        let measured = self.broker.measure().await;
        let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.took_ms.store(took, Ordering::Relaxed);
        measured?;
        Ok(None)
    }
}
