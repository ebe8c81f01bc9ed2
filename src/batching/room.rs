//! How much may be unanswered at a time. A request holds its part until just before it is answered, or until it is dropped.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How large a request, a batch or a room is.
#[derive(Clone, Copy, Default, Debug)]
pub struct Size {
    /// Events, settlements, or leases and engines of heartbeats.
    pub rows: usize,
    /// Bytes of payloads, results and the like.
    pub bytes: usize,
}

impl Size {
    /// The sum of both sizes.
    pub(super) const fn and(self, other: Self) -> Self {
        Self { rows: self.rows + other.rows, bytes: self.bytes + other.bytes }
    }

    /// True if it has more rows or more bytes than the bound.
    pub(super) const fn is_beyond(self, bound: Self) -> bool {
        self.rows > bound.rows || self.bytes > bound.bytes
    }
}

/// Room for requests up to a bound.
#[derive(Debug)]
pub struct Room {
    rows: Counted,
    bytes: Counted,
}

/// A request's part of the room: rows and bytes.
pub type Held = (OwnedSemaphorePermit, OwnedSemaphorePermit);

impl Room {
    /// An empty room; a bound of 0 counts as 1.
    pub fn new(bound: Size) -> Self {
        Self { rows: Counted::new(bound.rows), bytes: Counted::new(bound.bytes) }
    }

    /// Takes a part; `None` where there is not as much left. A request that is larger than the room takes all of it, so it
    /// is let in when nothing else is there.
    pub fn take(&self, size: Size) -> Option<Held> {
        Some((self.rows.take(size.rows)?, self.bytes.take(size.bytes)?))
    }
}

#[derive(Debug)]
struct Counted {
    permits: Arc<Semaphore>,
    bound: u32,
}

impl Counted {
    fn new(bound: usize) -> Self {
        let bound = u32::try_from(bound.max(1)).unwrap_or(u32::MAX);
        Self { permits: Arc::new(Semaphore::new(bound as usize)), bound }
    }

    fn take(&self, count: usize) -> Option<OwnedSemaphorePermit> {
        let count = u32::try_from(count).unwrap_or(u32::MAX).min(self.bound);
        Arc::clone(&self.permits).try_acquire_many_owned(count).ok()
    }
}
