//! Times of the history.

/// Microseconds since the run began.
pub type At = i64;

pub const SECOND: At = 1_000_000;
