//! What producers and engines of one mode share: who got what, how much is under way, and when to stop.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use hdrhistogram::Histogram;
use tokio::sync::{Notify, Semaphore};
use uuid::Uuid;

/// As many events under way as there may be.
pub const UNBOUNDED: usize = Semaphore::MAX_PERMITS;

pub struct Ledger {
    enqueued: AtomicU64,
    completed: AtomicU64,
    /// Failures reported.
    failed: AtomicU64,
    /// Events leased and never settled.
    abandoned: AtomicU64,
    heartbeats: AtomicU64,
    /// Calls that were answered 429 or 503, and made again.
    turned_away: AtomicU64,
    leased: Mutex<Leased>,
    /// One permit for each event that may yet be enqueued before another one is completed.
    room: Semaphore,
    is_bounded: bool,
    is_stopping: AtomicBool,
    progress: Notify,
    /// What a producer waits for its reply, in microseconds.
    enqueue_times: Mutex<Histogram<u64>>,
    /// What an engine waits for that of a settlement.
    settle_times: Mutex<Histogram<u64>>,
    /// What an engine waits for that of a heartbeat.
    heartbeat_times: Mutex<Histogram<u64>>,
    /// What events need from their POST to their engine, where that is asked.
    pickup_times: Mutex<Histogram<u64>>,
}

/// Who may be leased, and who not.
#[derive(Default)]
struct Leased {
    /// Every event that was leased, less those that come back: it may not be leased again.
    once: HashSet<u128, BuildHasherDefault<LowBits>>,
    /// Those abandoned, until they come back.
    abandoned: HashSet<u128, BuildHasherDefault<LowBits>>,
}

impl Ledger {
    /// Producers wait while `max_outstanding` events are queued or leased: they are faster than engines, and what
    /// is to be seen is whole lives.
    pub fn new(max_outstanding: usize) -> Arc<Self> {
        Arc::new(Self {
            enqueued: AtomicU64::new(0),
            completed: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            abandoned: AtomicU64::new(0),
            heartbeats: AtomicU64::new(0),
            turned_away: AtomicU64::new(0),
            leased: Mutex::default(),
            room: Semaphore::new(max_outstanding),
            is_bounded: max_outstanding != UNBOUNDED,
            is_stopping: AtomicBool::new(false),
            progress: Notify::new(),
            enqueue_times: Mutex::new(empty_histogram()),
            settle_times: Mutex::new(empty_histogram()),
            heartbeat_times: Mutex::new(empty_histogram()),
            pickup_times: Mutex::new(empty_histogram()),
        })
    }

    pub fn enqueued(&self) -> u64 {
        self.enqueued.load(Relaxed)
    }

    pub fn completed(&self) -> u64 {
        self.completed.load(Relaxed)
    }

    pub fn failed(&self) -> u64 {
        self.failed.load(Relaxed)
    }

    pub fn abandoned(&self) -> u64 {
        self.abandoned.load(Relaxed)
    }

    pub fn heartbeats(&self) -> u64 {
        self.heartbeats.load(Relaxed)
    }

    pub fn turned_away(&self) -> u64 {
        self.turned_away.load(Relaxed)
    }

    /// Waits until `events` more may be enqueued; false when it is time to stop.
    pub async fn wait_for_room(&self, events: u32) -> bool {
        if self.is_bounded {
            match self.room.acquire_many(events).await {
                Ok(permits) => permits.forget(),
                Err(_closed) => return false,
            }
        }
        !self.is_stopping()
    }

    pub fn note_enqueued(&self, events: u64, since: Instant) {
        self.enqueued.fetch_add(events, Relaxed);
        record(&self.enqueue_times, since.elapsed());
    }

    pub fn note_leased(&self, event_id: &str) -> Result<()> {
        let id = number(event_id)?;
        let mut leased = self.leased.lock().unwrap_or_else(PoisonError::into_inner);
        if !leased.once.insert(id) {
            bail!("event {event_id} was leased twice");
        }
        if leased.abandoned.remove(&id) && self.is_bounded {
            self.room.forget_permits(1);
        }
        Ok(())
    }

    /// The event is about to be reported as failed, and comes back.
    pub fn expect_again(&self, event_id: &str) -> Result<()> {
        self.leased.lock().unwrap_or_else(PoisonError::into_inner).once.remove(&number(event_id)?);
        Ok(())
    }

    pub fn note_failed(&self, since: Instant) {
        self.failed.fetch_add(1, Relaxed);
        record(&self.settle_times, since.elapsed());
    }

    /// Nobody settles the event. Until it is leased again it takes no room.
    pub fn note_abandoned(&self, event_id: &str) -> Result<()> {
        let id = number(event_id)?;
        self.abandoned.fetch_add(1, Relaxed);
        let mut leased = self.leased.lock().unwrap_or_else(PoisonError::into_inner);
        leased.once.remove(&id);
        leased.abandoned.insert(id);
        if self.is_bounded {
            self.room.add_permits(1);
        }
        Ok(())
    }

    pub fn note_completed(&self, events: usize, since: Instant) {
        self.completed.fetch_add(events as u64, Relaxed);
        if self.is_bounded {
            self.room.add_permits(events);
        }
        record(&self.settle_times, since.elapsed());
        self.progress.notify_waiters();
    }

    pub fn note_heartbeat(&self, since: Instant) {
        self.heartbeats.fetch_add(1, Relaxed);
        record(&self.heartbeat_times, since.elapsed());
    }

    pub fn note_picked_up(&self, time: Duration) {
        record(&self.pickup_times, time);
    }

    pub async fn note_turned_away(&self) {
        self.turned_away.fetch_add(1, Relaxed);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    /// Waits until that many events are completed.
    pub async fn until_completed(&self, goal: u64) {
        loop {
            let progress = self.progress.notified();
            if self.completed() >= goal {
                return;
            }
            progress.await;
        }
    }

    /// Producers enqueue no more.
    pub fn is_ending(&self) -> bool {
        self.room.is_closed()
    }

    pub fn is_stopping(&self) -> bool {
        self.is_stopping.load(Relaxed)
    }

    /// Producers enqueue no more, while engines go on.
    pub fn stop_producers(&self) {
        self.room.close();
    }

    /// Everybody ends what was begun, and begins nothing.
    pub fn stop_all(&self) {
        self.stop_producers();
        self.is_stopping.store(true, Relaxed);
    }

    /// Times measured from now on.
    pub fn forget_times(&self) {
        for times in [&self.enqueue_times, &self.settle_times, &self.heartbeat_times, &self.pickup_times] {
            times.lock().unwrap_or_else(PoisonError::into_inner).reset();
        }
    }

    /// Milliseconds from an event's POST to its engine: the median, and what 99 of 100 stay below.
    pub fn pickup_times(&self) -> (f64, f64) {
        millis(&self.pickup_times)
    }

    /// The same of what producers waited for their replies.
    pub fn enqueue_times(&self) -> (f64, f64) {
        millis(&self.enqueue_times)
    }

    pub fn times(&self) -> String {
        let shown = |name: &str, times: &Mutex<Histogram<u64>>| {
            if times.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
                return String::new();
            }
            let (p50, p99) = millis(times);
            format!("{name} p50 {p50:.1} p99 {p99:.1} ms")
        };
        let all = [
            shown("enqueue", &self.enqueue_times),
            shown("settle", &self.settle_times),
            shown("heartbeat", &self.heartbeat_times),
        ];
        all.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
    }
}

fn millis(times: &Mutex<Histogram<u64>>) -> (f64, f64) {
    let times = times.lock().unwrap_or_else(PoisonError::into_inner);
    let at = |quantile| Duration::from_micros(times.value_at_quantile(quantile)).as_secs_f64() * 1e3;
    (at(0.5), at(0.99))
}

fn number(event_id: &str) -> Result<u128> {
    Ok(Uuid::try_parse(event_id).with_context(|| format!("{event_id:?} is no event id"))?.as_u128())
}

/// Three digits, up to a minute.
fn empty_histogram() -> Histogram<u64> {
    Histogram::new_with_max(60_000_000, 3).expect("the bounds are legal")
}

fn record(times: &Mutex<Histogram<u64>>, time: Duration) {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    times.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(micros);
}

/// The last 64 bits of an event's id are random: they are their own hash.
#[derive(Default)]
struct LowBits(u64);

impl Hasher for LowBits {
    fn write(&mut self, _: &[u8]) {
        unreachable!("only u128 is hashed");
    }

    #[expect(clippy::cast_possible_truncation, reason = "the low bits are what is wanted")]
    fn write_u128(&mut self, value: u128) {
        self.0 = value as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
