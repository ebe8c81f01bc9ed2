//! Why an event is not worked on, and why a queue grows: facts go in, reasons come out, in the order in which the service decides.
//! Each reason that can be found stands there, not the first alone: whoever removes one blocker sees the next.

/// Of one queue.
pub mod queue;
/// Of one event that waits.
pub mod event;
/// Of one event that an engine holds.
pub mod held;
/// Of one event that has ended.
pub mod ended;
/// Why an event is not due yet.
mod not_due;
/// When an event is likely to be leased.
pub mod start;
/// What the engines of a queue can take.
mod supply;
/// When engines that take nothing last asked for work.
pub mod asked;
/// What the rules of one event share.
mod said;
/// One reason, and the code that programs know it by.
mod reason;

pub use reason::{Code, Explanation, Reason, Verdict};

#[cfg(test)]
pub(crate) mod every_sentence;
#[cfg(test)]
mod plain_facts;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod wording;
