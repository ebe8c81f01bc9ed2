//! Leases: step by step within one transaction, lock the engines, count what they hold, lock due events, give the leases.

/// Leases that are given.
mod grants;
/// Leases that are held.
mod held_leases;
/// Open events under their row locks, and renewals.
pub mod open_events;
/// What is due in a queue.
pub mod due;
/// The engines of a claim.
mod holders;

pub use grants::{Grant, LeaseDefaults, grant};
pub use held_leases::{leases_of_engine, leases_of_poll, queue_leases};
pub use holders::{CountFrom, Held, LockedEngine, check_engines, count_held, lock_engines};
