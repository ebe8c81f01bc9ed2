//! Removes queues that nothing has kept for long, and makes the rows again that queues have lost.

use std::sync::Arc;
use std::time::Duration;

use super::Task;
use crate::broker::{self, Broker};

pub struct Queues {
    pub broker: Arc<Broker>,
}

impl Task for Queues {
    const NAME: &'static str = "queues";

    fn interval(&self) -> Duration {
        Duration::from_secs(10)
    }

    async fn run_once(&self) -> broker::Result<Option<String>> {
        let done = self.broker.tend_queues().await?;
        let is_worth_telling = done.restored > 0 || done.removed > 0;
        Ok(is_worth_telling.then(|| format!("{} queues restored, {} removed", done.restored, done.removed)))
    }
}
