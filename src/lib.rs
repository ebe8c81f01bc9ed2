//! `EventLease`: an engine registry and a lease-based event queue over HTTP, on `PostgreSQL` alone.
//!
//! # Layout
//!
//! One floor per module, from the top to the ground: a module imports only what stands after it. So it is inside each
//! folder, too; `tests/floors` holds all of them to that.

/// The command line.
pub mod cli;
/// Puts the parts together, and takes them apart.
pub mod app;
/// The HTTP surface, one file a resource.
pub mod http;
/// Background work: reaper, partitions, statistics.
pub mod tasks;
/// The use-cases, one file a verb.
pub mod broker;
/// Who waits for events, and who gets which.
pub mod dispatch;
/// Requests that come in together share a commit.
pub mod batching;
/// What goes wrong for as long as its cause lasts, logged once.
pub mod troubles;
/// What a call can refuse.
pub mod error;
/// The only SQL.
pub mod store;
/// Owns every task, and starts again what panicked.
pub mod supervisor;
/// Every metric: name, unit, labels, meaning.
pub mod metrics;
/// The rules, pure: policies, budgets, the fence, who gets which event.
pub mod domain;
/// What keeps the log short.
pub mod logs;
/// Every setting: flag, variable, unit, default.
pub mod config;
/// The only writer to standard output and standard error, beside the log.
pub mod output;
