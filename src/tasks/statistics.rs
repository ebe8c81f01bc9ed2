//! Writes down what happened in the queues, and sets the gauges that are read from the database.

use std::sync::Arc;
use std::time::Duration;

use super::Task;
use super::pacing::Pacing;
use crate::broker::{self, Broker};

const AT_MOST_EVERY: Duration = Duration::from_secs(5);

pub struct Statistics {
    broker: Arc<Broker>,
    pacing: Pacing,
}

impl Statistics {
    pub const fn new(broker: Arc<Broker>) -> Self {
        Self { broker, pacing: Pacing::new(AT_MOST_EVERY) }
    }
}

impl Task for Statistics {
    const NAME: &'static str = "statistics";

    fn interval(&self) -> Duration {
        self.pacing.interval()
    }

    async fn run_once(&self) -> broker::Result<Option<String>> {
        let written = self.broker.write_activity().await;
        let _measured = self.pacing.measure();
        self.broker.measure().await?;
        written.map(|()| None)
    }
}
