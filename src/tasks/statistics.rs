//! Writes down what happened in the queues, and sets the gauges that are read from the database.

use std::sync::Arc;
use std::time::Duration;

use super::Task;
use crate::broker::{self, Broker};

pub struct Statistics {
    pub broker: Arc<Broker>,
}

impl Task for Statistics {
    const NAME: &'static str = "statistics";

    fn interval(&self) -> Duration {
        Duration::from_secs(5)
    }

    async fn run_once(&self) -> broker::Result<Option<String>> {
        self.broker.write_activity().await?;
        self.broker.measure().await?;
        Ok(None)
    }
}
