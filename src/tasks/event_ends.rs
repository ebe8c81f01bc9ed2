//! Finds ends of events, awaited here, that other replicas brought about.

use std::sync::Arc;
use std::time::Duration;

use super::Task;
use crate::broker::{self, Broker};

pub struct EventEnds {
    pub broker: Arc<Broker>,
}

impl Task for EventEnds {
    const NAME: &'static str = "event_ends";

    fn interval(&self) -> Duration {
        self.broker.recheck_interval()
    }

    async fn run_once(&self) -> broker::Result<Option<String>> {
        self.broker.wake_for_ends_elsewhere().await?;
        Ok(None)
    }
}
