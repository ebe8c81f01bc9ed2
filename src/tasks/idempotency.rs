//! Forgets idempotency keys whose time is over.

use std::sync::Arc;
use std::time::Duration;

use super::Task;
use crate::broker::{self, Broker};

pub struct IdempotencyKeys {
    pub broker: Arc<Broker>,
}

impl Task for IdempotencyKeys {
    const NAME: &'static str = "idempotency_keys";

    fn interval(&self) -> Duration {
        Duration::from_mins(1)
    }

    async fn run_once(&self) -> broker::Result<Option<String>> {
        self.broker.forget_idempotency_keys().await?;
        Ok(None)
    }
}
