//! What enqueue answers.

use crate::store::enqueue::Enqueued;
use crate::store::events::Event;

/// What became of an event that was sent.
#[derive(Clone, Debug)]
pub enum Taken {
    New(Enqueued),
    /// Its idempotency key stands for this one.
    Duplicate(Box<Event>),
}
