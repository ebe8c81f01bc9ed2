//! Frees the leases of engines that fell silent, and those that ran out.

use std::sync::Arc;
use std::time::Duration;

use super::Task;
use crate::broker::{self, Broker};

pub struct Reaper {
    pub broker: Arc<Broker>,
    pub interval: Duration,
}

impl Task for Reaper {
    const NAME: &'static str = "reaper";

    fn interval(&self) -> Duration {
        self.interval
    }

    async fn run_once(&self) -> broker::Result<Option<String>> {
        let reaped = self.broker.reap().await?;
        Ok((!reaped.is_nothing()).then(|| {
            format!(
                "{} engines unresponsive, {} removed; {} leases of theirs and {} expired ones ended; {} events too old",
                reaped.engines_marked_unresponsive,
                reaped.engines_removed,
                reaped.leases_of_unresponsive,
                reaped.leases_expired,
                reaped.events_too_old,
            )
        }))
    }
}
