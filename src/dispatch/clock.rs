//! The database's clock, as far as a replica needs it to set a timer. Nothing is decided by it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use tokio::time::Instant;

/// The latest time that the database reported, and when.
#[derive(Debug, Default)]
pub struct DatabaseClock(Mutex<Option<(DateTime<Utc>, Instant)>>);

impl DatabaseClock {
    /// The database has just reported this time.
    pub fn set(&self, now: DateTime<Utc>) {
        *self.0.lock() = Some((now, Instant::now()));
    }

    /// How long until that time. Before the database has reported any, it may be now.
    pub fn until(&self, at: DateTime<Utc>) -> Duration {
        let Some((reported, reported_at)) = *self.0.lock() else { return Duration::ZERO };
        (at - reported).to_std().unwrap_or_default().saturating_sub(reported_at.elapsed())
    }
}
