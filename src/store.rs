//! The only SQL. Free functions on a connection, long statements as `.sql` files in `sql`. Every statement names its schema
//! and reads the time from PostgreSQL. What is read comes as types of the domain.
//!
//! In reading order, from the top to the ground: a module imports only what stands after it.

pub mod health;
pub mod migrations;
/// What is older than a restore.
pub mod restore;
/// What is said with commits.
pub mod notices;
pub mod redrive_jobs;
pub mod dead_letters;
/// Scenario runs.
pub mod runs;
pub mod events;
/// The ends of leases.
pub mod settlement;
pub mod engines;
/// Which events are due, who gets them, and for how long.
pub mod leases;
pub mod queues;
pub mod event_types;
mod policies;
pub mod tokens;
/// Which installation this is.
pub mod installation;
pub mod audit;
/// The days of `events` and `event_attempts`.
pub mod partitions;
mod ownership;
mod encoding;
mod page;
/// Rows become types of the domain.
pub mod clock;
mod row;
pub mod pool;
mod connection;
pub mod error;
/// Which sessions are not used again.
mod replacement;

pub use connection::{Connection, PgConnection, Transaction};
pub use error::{Error, Result};
pub use policies::policies_of_leased_events;
pub use pool::Pool;
