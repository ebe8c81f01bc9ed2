//! Reads that wait for an end, and are counted meanwhile.

use std::hash::Hash;
use std::time::Duration;

use prometheus::IntGauge;
use tokio::time::{Instant, sleep_until};

use super::end_waits::EndWaits;
use super::state::Broker;
use crate::error::{Error, Result};

/// Counts a read for as long as it waits, also where its caller hangs up.
pub(super) struct Counted<'a>(&'a IntGauge);

impl<'a> Counted<'a> {
    /// Counts until this is dropped.
    pub(super) fn by(gauge: &'a IntGauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Broker {
    /// What is read when it is over, or when `wait` is over or the service stops, as it stands then. While parked it asks the
    /// database nothing.
    pub(super) async fn read_at_its_end<K: Clone + Eq + Hash, T, R: Future<Output = Result<T>>>(
        &self,
        waits: &EndWaits<K>,
        of: K,
        wait: Duration,
        read: impl Fn() -> R,
        is_over: impl Fn(&T) -> bool,
    ) -> Result<T> {
        let deadline = Instant::now() + wait;
        let waiting = waits.begin(of);
        loop {
            // The wait begins first, so that no end is missed between the read and the wait.
            let ended = waiting.ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            let found = read().await?;
            if is_over(&found) || self.stopping.is_cancelled() || Instant::now() >= deadline {
                return Ok(found);
            }
            let Ok(_place) = self.places_to_wait.try_acquire() else {
                return Err(Error::TooManyWaiting { limit: self.settings.dispatch.max_waiting });
            };
            let _waiting = Counted::by(&self.metrics.event_waits_parked);
            tokio::select! {
                () = &mut ended => {}
                () = self.stopping.cancelled() => {}
                () = sleep_until(deadline) => {}
            }
        }
    }
}
