//! Which queues have a label of their own, and what becomes of the series of a queue that is removed.

use std::collections::HashSet;

use super::Metrics;

/// The label that all further queues share.
pub const OTHER_QUEUES: &str = "other";

/// The queues with a label of their own: the first ones that this server hears of. Anybody may make queues, and each label
/// is about 80 series.
#[derive(Debug, Default)]
pub struct QueueNames {
    /// Bounds all sets together.
    max: usize,
    known: HashSet<Box<str>>,
    /// Queues that were removed and still have series: a removal costs no pass over all metrics of its own.
    pub removed: HashSet<Box<str>>,
    /// Removed queues whose series are being dropped. One that comes back meanwhile is counted with the others, so that the
    /// series it starts with are not dropped too.
    dropping: HashSet<Box<str>>,
    /// The series of [`OTHER_QUEUES`] were made.
    has_others: bool,
}

impl QueueNames {
    pub fn new(max: usize) -> Self {
        Self { max, ..Self::default() }
    }

    fn has_room_for(&self, engine_type: &str) -> bool {
        self.removed.contains(engine_type)
            || !self.dropping.contains(engine_type)
                && self.known.len() + self.removed.len() + self.dropping.len() < self.max
    }

    /// Makes a queue known if there is room for it.
    fn learn<'a>(&mut self, engine_type: &'a str) -> &'a str {
        if self.has_room_for(engine_type) {
            let name = self.removed.take(engine_type).unwrap_or_else(|| engine_type.into());
            self.known.insert(name);
            return engine_type;
        }
        if self.known.contains(engine_type) {
            return engine_type;
        }
        self.has_others = true;
        OTHER_QUEUES
    }
}

impl Metrics {
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
