//! Makes partitions ahead, and removes those past the retention.

use std::sync::Arc;
use std::time::Duration;

use super::Task;
use crate::broker::{self, Broker};
use crate::logs::counted;

pub struct Partitions {
    pub broker: Arc<Broker>,
}

impl Task for Partitions {
    const NAME: &'static str = "partitions";

    /// A week is made ahead: there are many more tries than are needed.
    fn interval(&self) -> Duration {
        Duration::from_mins(10)
    }

    async fn run_once(&self) -> broker::Result<Option<String>> {
        let (made, removal) = self.broker.tend_partitions().await?;
        let did = made > 0 || removal.removed > 0 || removal.postponed > 0;
        Ok(did.then(|| {
            let (made, removed) = (counted(made.into(), "day"), counted(removal.removed.into(), "old partition"));
            format!(
                "made the partitions of {made} ahead, removed {removed}, could not remove {} yet",
                removal.postponed
            )
        }))
    }
}
