//! What enqueue answers.

use crate::domain::event::Event;
use crate::domain::new_event::Enqueued;

/// What became of an event that was sent.
#[derive(Clone, Debug)]
pub enum Taken {
    /// It was stored.
    New(Enqueued),
    /// Its idempotency key stands for this one.
    Duplicate(Box<Event>),
}
