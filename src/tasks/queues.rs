//! Removes queues that nothing has kept for long, and makes the rows again that queues have lost.

use std::sync::Arc;
use std::time::Duration;

use super::Task;
use super::pacing::Pacing;
use crate::broker::{self, Broker};
use crate::logs::counted;

const AT_MOST_EVERY: Duration = Duration::from_secs(10);

pub struct Queues {
    broker: Arc<Broker>,
    pacing: Pacing,
}

impl Queues {
    pub const fn new(broker: Arc<Broker>) -> Self {
        Self { broker, pacing: Pacing::new(AT_MOST_EVERY) }
    }
}

impl Task for Queues {
    const NAME: &'static str = "queues";

    /// While a session holds an old snapshot, a round reads dead index entries, too.
    fn interval(&self) -> Duration {
        self.pacing.interval()
    }

    async fn run_once(&self) -> broker::Result<Option<String>> {
        let _measured = self.pacing.measure();
        let done = self.broker.tend_queues().await?;
        let is_worth_telling = done.restored > 0 || done.removed > 0;
        Ok(is_worth_telling.then(|| {
            let (restored, removed) = (counted(done.restored, "queue"), counted(done.removed as u64, "queue"));
            format!("made the rows of {restored} again, removed {removed} unused for long")
        }))
    }
}
