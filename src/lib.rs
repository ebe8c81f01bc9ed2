//! `EventLease`: an engine registry and a lease-based event queue over HTTP, on `PostgreSQL` alone.
//!
//! # Layout
//!
//! One floor per module, and imports only downward; `tests/floors.rs` holds it to that. In reading
//! order, from the bottom:

/// Puts the parts together, and takes them apart.
pub mod app;
/// The use-cases, one file a verb.
pub mod broker;
/// The command line.
pub mod cli;
/// Every setting: flag, variable, unit, default.
pub mod config;
/// The rules, pure: policies, budgets, the fence, who gets which event.
pub mod domain;
/// The private `PostgreSQL` that runs where none is named.
pub mod embedded_postgres;
/// The HTTP surface, one file a resource.
pub mod http;
/// What keeps the log short.
pub mod logs;
/// Every metric: name, unit, labels, meaning.
pub mod metrics;
/// The only writer to standard output and standard error, beside the log.
pub mod output;
/// The only SQL.
pub mod store;
/// Owns every task, and starts again what panicked.
pub mod supervisor;
/// Background work: reaper, partitions, statistics.
pub mod tasks;
