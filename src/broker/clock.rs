//! The database's clock, as far as a replica needs it to set a timer. Nothing is decided by it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};

/// How far the database's clock is ahead of this machine's, in microseconds.
#[derive(Debug, Default)]
pub struct DatabaseClock(AtomicI64);

impl DatabaseClock {
    /// It has just said so.
    pub fn set(&self, now: DateTime<Utc>) {
        self.0.store((now - Utc::now()).num_microseconds().unwrap_or(0), Ordering::Relaxed);
    }

    /// How long until then.
    pub fn until(&self, at: DateTime<Utc>) -> Duration {
        let ahead = chrono::TimeDelta::microseconds(self.0.load(Ordering::Relaxed));
        (at - Utc::now() - ahead).to_std().unwrap_or_default()
    }
}
