//! What `/metrics` shows. Every metric stands in `declared`; the rest makes them, and keeps the series of queues apart.

#[macro_use]
mod declaration;
mod declared;
mod registration;
mod kinds;
mod labels;
mod queue_names;
mod buckets;

use prometheus::{Encoder, TextEncoder};

pub use declared::Metrics;
pub use labels::RENEWED;
pub use queue_names::OTHER_QUEUES;

impl Metrics {
    /// The text that Prometheus scrapes.
    #[must_use]
    pub fn render(&self) -> String {
        self.drop_removed_queues();
        let mut text = Vec::new();
        TextEncoder::new()
            .encode(&self.registry.gather(), &mut text)
            .expect("encoding to memory fails only for metrics without a name");
        String::from_utf8(text).expect("the text format is UTF-8")
    }

    /// A queue's label. A queue that is new to this server gets all its series.
    pub fn queue<'a>(&self, engine_type: &'a str) -> &'a str {
        let names = self.names.read();
        if names.known.contains(engine_type) {
            return engine_type;
        }
        if names.has_others && !names.has_room_for(engine_type) {
            return OTHER_QUEUES;
        }
        drop(names);
        let label = self.names.write().learn(engine_type);
        self.start_queue(label);
        label
    }

    /// Notes that a queue was removed. Its series are dropped before the metrics are shown next.
    pub fn forget_queue(&self, engine_type: &str) {
        let names = &mut *self.names.write();
        names.removed.extend(names.known.take(engine_type));
    }

    /// Drops the series of all queues that were removed, in one pass over the metrics, and frees their labels for
    /// other queues.
    pub fn drop_removed_queues(&self) {
        // Passes exclude each other: a pass frees only the labels whose series it has dropped.
        let _pass = self.dropping.lock();
        if self.names.read().removed.is_empty() {
            return;
        }
        let dropping = {
            let names = &mut *self.names.write();
            names.dropping = std::mem::take(&mut names.removed);
            names.dropping.clone()
        };
        self.retain_queues(&|queue| !dropping.contains(queue));
        self.names.write().dropping.clear();
    }
}

#[cfg(test)]
mod tests;
