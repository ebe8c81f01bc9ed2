//! The rules, pure: no I/O, no clock, no randomness of their own. Facts go in, verdicts come out.
//!
//! In reading order: what things are called, what an event may do, how its budgets are spent,
//! who may end a lease, who gets the next one; and who may do what at all.

pub mod access;
pub mod audit;
pub mod buckets;
pub mod database_health;
pub mod dead_letters;
pub mod assignment;
pub mod durations;
pub mod engine;
pub mod event;
pub mod fence;
pub mod ids;
pub mod json;
pub mod limits;
pub mod log_text;
pub mod merge_patch;
pub mod names;
#[cfg(test)]
mod protocol;
pub mod requester;
pub mod exclusive_engine;
pub mod retry_policy;
pub mod settlement;
pub mod spans;
pub mod tokens;
pub mod verdict;
