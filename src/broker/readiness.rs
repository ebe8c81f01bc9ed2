//! Whether this replica can do its work: whether it has written to the database lately. The reaper does so each second,
//! so that neither a question nor a statement is needed to know.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Several rounds of the reaper.
const MAX_WRITE_AGE: Duration = Duration::from_secs(5);

/// When this replica last wrote to the database.
#[derive(Debug)]
pub struct Readiness {
    began: Instant,
    /// Milliseconds since it began, and one; 0 before the first write.
    written_at: AtomicU64,
}

impl Default for Readiness {
    fn default() -> Self {
        Self { began: Instant::now(), written_at: AtomicU64::new(0) }
    }
}

impl Readiness {
    /// How long this replica has been running.
    pub fn run_time(&self) -> Duration {
        self.began.elapsed()
    }

    /// Notes that something was committed just now.
    pub fn note_write(&self) {
        self.written_at.fetch_max(milliseconds(self.began.elapsed()).saturating_add(1), Ordering::Relaxed);
    }

    /// How long ago the last write was; `None` before the first.
    pub fn write_age(&self) -> Option<Duration> {
        let written_at = self.written_at.load(Ordering::Relaxed).checked_sub(1)?;
        Some(self.began.elapsed().saturating_sub(Duration::from_millis(written_at)))
    }

    /// True if that was not long ago.
    pub fn is_ready(&self) -> bool {
        self.write_age().is_some_and(|age| age <= MAX_WRITE_AGE)
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(ago: Duration) -> Readiness {
        let began = Instant::now().checked_sub(Duration::from_mins(1)).expect("the machine runs for longer");
        Readiness { began, written_at: AtomicU64::new(milliseconds(Duration::from_mins(1).saturating_sub(ago)) + 1) }
    }

    #[test]
    fn a_replica_is_ready_for_five_seconds_after_a_write() {
        assert!(!Readiness::default().is_ready());
        assert!(written(Duration::from_secs(4)).is_ready());
        let silent = written(Duration::from_secs(6));
        assert!(!silent.is_ready());
        silent.note_write();
        assert!(silent.is_ready());
    }
}
