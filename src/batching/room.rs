//! How much may be unanswered at a time. A request holds its part until just before it is answered, or until it is dropped.

use std::sync::Arc;

use parking_lot::Mutex;

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

    /// What is left of it without the other.
    const fn without(self, other: Self) -> Self {
        Self { rows: self.rows - other.rows, bytes: self.bytes - other.bytes }
    }

    /// True if it has more rows or more bytes than the bound.
    pub(super) const fn is_beyond(self, bound: Self) -> bool {
        self.rows > bound.rows || self.bytes > bound.bytes
    }
}

/// Room for requests up to a bound.
#[derive(Debug)]
pub struct Room {
    bound: Size,
    taken: Arc<Mutex<Size>>,
}

impl Room {
    /// An empty room; a bound of 0 counts as 1.
    pub fn new(bound: Size) -> Self {
        let bound = Size { rows: bound.rows.max(1), bytes: bound.bytes.max(1) };
        Self { bound, taken: Arc::default() }
    }

    /// Takes a part; `None` if the room is full. The last request let in may go beyond the bound: if it had to fit into
    /// what is left, a large one would be refused for as long as small ones keep coming.
    pub fn take(&self, size: Size) -> Option<Held> {
        let mut taken = self.taken.lock();
        if taken.rows >= self.bound.rows || taken.bytes >= self.bound.bytes {
            return None;
        }
        *taken = taken.and(size);
        Some(Held { size, taken: Arc::clone(&self.taken) })
    }
}

/// A request's part of the room, given back when dropped.
#[derive(Debug)]
pub struct Held {
    size: Size,
    taken: Arc<Mutex<Size>>,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut taken = self.taken.lock();
        *taken = taken.without(self.size);
    }
}
