//! Taking events in.

use super::aftermath::Aftermath;
use super::{Broker, Error, Result};
use crate::domain::limits::MAX_DELAY_SECONDS;
use crate::store;
use crate::store::enqueue::{Enqueued, NewEvent};

impl Broker {
    /// Takes one event in; durable when this returns.
    pub async fn enqueue(&self, event: NewEvent) -> Result<Enqueued> {
        self.enqueue_batch(std::slice::from_ref(&event)).await?.pop().expect("one answer for one event")
    }

    /// Takes events in, in order, with one commit. An event that cannot be taken does not keep the
    /// others out.
    pub async fn enqueue_batch(&self, events: &[NewEvent]) -> Result<Vec<Result<Enqueued>>> {
        if self.stopping.is_cancelled() {
            return Err(Error::ShuttingDown);
        }
        let mut connection = self.connection().await?;
        let enqueued = store::enqueue::enqueue(&mut connection, events, MAX_DELAY_SECONDS).await?;
        drop(connection);
        let mut aftermath = Aftermath::default();
        for (event, enqueued) in events.iter().zip(&enqueued) {
            if let Some(enqueued) = enqueued {
                let engine_type = event.engine_type.as_str();
                aftermath.landed(engine_type, false, event.priority, enqueued.event_id, enqueued.available_at);
                self.metrics.events_enqueued.with_label_values(&[engine_type]).inc();
            }
        }
        self.announce(aftermath);
        Ok(enqueued.into_iter().map(|enqueued| enqueued.ok_or(Error::AvailableTooFarAway)).collect())
    }
}
