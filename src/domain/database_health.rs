//! How the database stands, as far as the queue depends on it: the facts, and which of them are a reason to act.

/// What of it slows the queue down or endangers it.
pub mod warnings;
mod facts;

pub use facts::*;
