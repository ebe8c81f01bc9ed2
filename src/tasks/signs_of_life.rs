//! Writes down which engines have called.

use std::sync::Arc;
use std::time::Duration;

use super::Task;
use crate::broker::{self, Broker};

pub struct SignsOfLife {
    pub broker: Arc<Broker>,
}

impl Task for SignsOfLife {
    const NAME: &'static str = "signs_of_life";

    /// Well below the shortest heartbeat timeout.
    fn interval(&self) -> Duration {
        Duration::from_millis(800)
    }

    async fn run_once(&self) -> broker::Result<Option<String>> {
        self.broker.note_signs_of_life().await?;
        Ok(None)
    }
}
