//! Requests of one kind, carried out together: those that come in while a batch is under way share the next one, with its
//! statements and its commit. No timer holds anything up: alone, a request is a batch of one; under load batches grow by
//! themselves. A request that has to wait for a lock is carried out alone, so that it delays no other.
//!
//! Knows no verb and no SQL: `Batcher::start` is given what carries a batch out.

mod batcher;
/// What becomes of a batch that fails.
mod answers;
/// The requests that wait, in order.
mod queue;
/// How much may be unanswered at a time.
mod room;

#[cfg(test)]
mod tests;

pub use answers::{Mode, together_or_alone};
pub use batcher::{Batcher, Options, Run, Unanswered};
pub use room::Size;
