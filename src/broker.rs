//! The use-cases, one file a verb. Knows no HTTP: requests come in checked, answers go out as facts.

/// Which verb carries out each kind of batch.
mod batches;

// The verbs.
pub mod settle;
pub mod enqueue;
pub mod runs;
/// Waiting for the ends of several events.
pub mod wait_for_many;
pub mod events;
pub mod lease;
pub mod cancel;
mod change_event;
pub mod reschedule;
pub mod redrive_jobs;
pub mod dead_letters;
pub mod engines;
/// Why an event is not worked on, and why a queue grows.
mod explain;
pub mod queues;
/// How the whole service stands.
pub mod overview;
/// How queues stood, minute by minute.
pub mod history;
pub mod event_types;
/// What is done to a database after it was restored from a backup.
pub mod after_restore;
pub mod tokens;
pub mod audit;

// What runs by itself.
pub mod reap;
pub mod upkeep;
mod measure;
mod health;

// What the verbs share.
/// What a transaction did to the rest of this replica, applied after its commit.
mod effects;
/// Reads that wait for an end.
mod waiting_reads;
/// The `Broker`, which knows all that stands below.
mod state;
/// How all queues stood when they were last measured.
pub mod snapshots;
/// Since when something has needed somebody.
mod first_seen;
mod rendered;
mod shared_history;
mod written_history;
/// What happened in all queues in the last minutes.
pub mod recent_activity;
mod settings;
/// Which engines have called, until that is written down.
mod liveness;
mod batchers;
pub mod taken;
pub mod settled;
pub mod heartbeat;
mod end_waits;
mod known_queues;
pub mod known_tokens;
/// What one caller may make in an hour.
mod quota;
/// Counts for the rates of queues.
mod activity;
/// For how long what was measured is shown.
mod freshness;
mod readiness;
mod dead_letter_log;

pub use batchers::Coalescing;
pub use settings::Settings;
pub use state::Broker;

pub use crate::batching::Size;
pub use crate::error::{Error, LeaseLost, Result};
pub use crate::store::Error as StoreError;
pub use crate::store::pool::within;
