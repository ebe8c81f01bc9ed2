//! Leases that were given for callers that had gone: they are to be given back, since nobody works on them.

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::poll::Polled;
use crate::domain::ids::{EventId, LeaseToken};

/// The leases alone; their payloads are not kept.
#[derive(Debug, Default)]
pub struct Undelivered {
    leases: Mutex<Vec<(EventId, LeaseToken)>>,
    added: Notify,
}

impl Undelivered {
    /// Notes an answer that reaches nobody any more.
    pub fn add(&self, polled: &Polled) {
        let leases = polled.events.iter().map(|event| (event.event_id, event.lease_token));
        self.leases.lock().extend(leases);
        self.added.notify_one();
    }

    /// Takes them all, possibly none.
    pub fn take(&self) -> Vec<(EventId, LeaseToken)> {
        std::mem::take(&mut *self.leases.lock())
    }

    /// Takes them all, as soon as there are any.
    pub async fn next(&self) -> Vec<(EventId, LeaseToken)> {
        loop {
            let leases = self.take();
            if !leases.is_empty() {
                return leases;
            }
            self.added.notified().await;
        }
    }
}
