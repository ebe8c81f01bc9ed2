//! Which queues have a label of their own.

use std::collections::HashSet;

/// The label that all further queues share.
pub const OTHER_QUEUES: &str = "other";

/// The queues with a label of their own: the first ones that this server hears of. Anybody may make queues, and each label
/// is about 80 series.
#[derive(Debug, Default)]
pub struct QueueNames {
    /// Bounds all sets together.
    max: usize,
    /// Queues that exist, and have a label.
    pub known: HashSet<Box<str>>,
    /// Queues that were removed and still have series: a removal costs no pass over all metrics of its own.
    pub removed: HashSet<Box<str>>,
    /// Removed queues whose series are being dropped. One that comes back meanwhile is counted with the others, so that the
    /// series it starts with are not dropped too.
    pub dropping: HashSet<Box<str>>,
    /// The series of [`OTHER_QUEUES`] were made.
    pub has_others: bool,
}

impl QueueNames {
    /// At most `max` queues get a label of their own.
    pub fn new(max: usize) -> Self {
        Self { max, ..Self::default() }
    }

    /// True if one more queue may have a label; always for one that is back and still has its series.
    pub fn has_room_for(&self, engine_type: &str) -> bool {
        self.removed.contains(engine_type)
            || !self.dropping.contains(engine_type)
                && self.known.len() + self.removed.len() + self.dropping.len() < self.max
    }

    /// Makes a queue known if there is room for it.
    pub fn learn<'a>(&mut self, engine_type: &'a str) -> &'a str {
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
