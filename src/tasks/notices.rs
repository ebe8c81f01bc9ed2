//! Listens for what producers in SQL and other replicas take in, so that parked polls need not wait for the lookout.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::broker::Broker;

/// Nothing is lost meanwhile: the lookout finds out.
const PAUSE_AFTER_TROUBLE: Duration = Duration::from_secs(5);

/// Listens until told to stop, again after each trouble. Not a task with rounds: it only waits.
pub async fn run(broker: Arc<Broker>, stop: CancellationToken) {
    loop {
        let trouble = tokio::select! {
            () = stop.cancelled() => return,
            trouble = broker.hear_of_events() => trouble,
        };
        if let Err(error) = trouble {
            broker.troubles().note_failure_of_task("listener", &error);
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE_AFTER_TROUBLE) => {}
        }
    }
}
