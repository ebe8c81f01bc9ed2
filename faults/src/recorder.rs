//! The history while it is made: in memory for the checker, and as lines of JSON for who wants to look later.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use chrono::DateTime;
use tokio::time::sleep;

use crate::history::{At, Entry, Pause, SECOND};

/// The program's one monotonic clock, and where its beginning stands on the calendar.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Instant,
    began_on_calendar: At,
}

impl Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "read once: what the database says of its clock is moved to ours by it"
    )]
    pub fn start() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { began: Instant::now(), began_on_calendar: micros(since_epoch.as_micros()) }
    }

    pub fn now(&self) -> At {
        micros(self.began.elapsed().as_micros())
    }

    /// A time that the service told, since the run began.
    pub fn of_service(&self, text: &str) -> Option<At> {
        Some(DateTime::parse_from_rfc3339(text).ok()?.timestamp_micros() - self.began_on_calendar)
    }
}

fn micros(micros: u128) -> At {
    At::try_from(micros).unwrap_or(At::MAX)
}

#[derive(Debug)]
pub struct Recorder {
    pub clock: Clock,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    history: Vec<Entry>,
    file: BufWriter<File>,
}

/// This often it is looked whether time has passed.
const TICK: Duration = Duration::from_millis(100);
/// More than this is noted.
const PAUSE: At = SECOND;

impl Recorder {
    pub fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        let inner = Inner { history: Vec::new(), file: BufWriter::new(file) };
        Ok(Self { clock: Clock::start(), inner: Mutex::new(inner) })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("nothing panics while it holds this lock")
    }

    pub fn add(&self, entry: Entry) {
        let mut inner = self.lock();
        // The checker has its own copy; a full disk here is said at the end.
        if serde_json::to_writer(&mut inner.file, &entry).is_ok() {
            inner.file.write_all(b"\n").ok();
        }
        inner.history.push(entry);
    }

    /// Everything so far; the recorder is empty then.
    pub fn take(&self) -> Result<Vec<Entry>> {
        let mut inner = self.lock();
        inner.file.flush().context("the history cannot be written")?;
        Ok(std::mem::take(&mut inner.history))
    }

    pub fn now(&self) -> At {
        self.clock.now()
    }

    /// Notes when this program stood still; for ever.
    pub async fn watch_for_pauses(&self) {
        loop {
            let from = self.now();
            sleep(TICK).await;
            let to = self.now();
            if to - from > PAUSE {
                self.add(Entry::Pause(Pause { from, to }));
            }
        }
    }
}
