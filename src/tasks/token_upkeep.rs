//! Writes down which tokens were used, and forgets those that ended long ago.

use std::sync::Arc;
use std::time::Duration;

use super::Task;
use crate::broker::{self, Broker};

pub struct TokenUpkeep {
    pub broker: Arc<Broker>,
}

impl Task for TokenUpkeep {
    const NAME: &'static str = "tokens";

    fn interval(&self) -> Duration {
        Duration::from_mins(1)
    }

    async fn run_once(&self) -> broker::Result<Option<String>> {
        self.broker.tend_tokens().await?;
        Ok(None)
    }
}
