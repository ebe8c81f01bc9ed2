//! Forgets what the audit trail has had for long enough.

use std::sync::Arc;
use std::time::Duration;

use super::Task;
use crate::broker::{self, Broker};
use crate::logs::counted;

pub struct Audit {
    pub broker: Arc<Broker>,
}

impl Task for Audit {
    const NAME: &'static str = "audit";

    fn interval(&self) -> Duration {
        Duration::from_mins(10)
    }

    async fn run_once(&self) -> broker::Result<Option<String>> {
        let forgotten = self.broker.forget_old_audit().await?;
        Ok((forgotten > 0).then(|| format!("removed {} past its retention", counted(forgotten, "audit record"))))
    }
}
