//! What this replica last wrote of the history of queues, so that a queue in which nothing changes gets no further row.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;

use crate::domain::history::HistoryDepth;

/// What this replica last wrote; empty while another one writes.
#[derive(Debug, Default)]
pub struct WrittenHistory(Mutex<Option<Written>>);

#[derive(Clone, Debug)]
struct Written {
    minute_at: DateTime<Utc>,
    depths: HashMap<String, HistoryDepth>,
}

impl WrittenHistory {
    /// The last minute that this replica wrote; `None` while another one writes.
    pub fn minute(&self) -> Option<DateTime<Utc>> {
        self.0.lock().as_ref().map(|written| written.minute_at)
    }

    /// How the queues stood in the last minute written, if this replica wrote it; else nothing is known.
    pub fn depths(&self, last_minute: Option<DateTime<Utc>>) -> HashMap<String, HistoryDepth> {
        let written = self.0.lock().clone();
        written
            .filter(|written| Some(written.minute_at) == last_minute)
            .map(|written| written.depths)
            .unwrap_or_default()
    }

    /// This replica wrote a minute.
    pub fn note(&self, minute_at: DateTime<Utc>, depths: HashMap<String, HistoryDepth>) {
        *self.0.lock() = Some(Written { minute_at, depths });
    }

    /// Makes what was written older, as if that time had passed.
    pub fn age(&self, by: TimeDelta) {
        if let Some(written) = &mut *self.0.lock() {
            written.minute_at -= by;
        }
    }

    /// Another replica wrote a minute.
    pub fn note_other(&self) {
        *self.0.lock() = None;
    }
}
