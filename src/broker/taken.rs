//! What enqueue answers.

use crate::domain::event::Event;
use crate::domain::ids::EventId;
use crate::domain::new_event::{DuplicateOf, Enqueued};

/// What became of an event that was sent.
#[derive(Clone, Debug)]
pub enum Taken {
    /// It was stored.
    New(Enqueued),
    /// One of its keys stands for this one.
    Duplicate(Box<Event>, DuplicateOf),
    /// One of its keys stands for this one, which another caller brought: no more is told of it.
    OfAnother(EventId, DuplicateOf),
}
