//! The database's clock, as far as a replica needs it to set a timer. Nothing is decided by it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use tokio::time::Instant;

/// What the database said last, and when.
#[derive(Debug, Default)]
pub struct DatabaseClock(Mutex<Option<(DateTime<Utc>, Instant)>>);

impl DatabaseClock {
    /// It has just said so.
    pub fn set(&self, now: DateTime<Utc>) {
        *self.0.lock() = Some((now, Instant::now()));
    }

    /// How long until then; `None` while it has not said anything.
    pub fn until(&self, at: DateTime<Utc>) -> Option<Duration> {
        let said = *self.0.lock();
        let (then, heard_at) = said?;
        Some((at - then).to_std().unwrap_or_default().saturating_sub(heard_at.elapsed()))
    }
}
