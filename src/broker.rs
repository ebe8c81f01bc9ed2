//! The use-cases, one file a verb. Knows no HTTP: requests come in checked, answers go out as facts.

// The verbs.
mod batches;
pub mod enqueue;
pub mod events;
pub mod lease;
pub mod settle;
pub mod cancel;
pub mod dead_letters;
pub mod engines;
pub mod queues;
pub mod event_types;
pub mod tokens;
pub mod audit;

// What runs by itself.
pub mod reap;
pub mod upkeep;
mod lookout;
mod notices;
mod outbox;
mod measure;
mod health;

// What the verbs share.
mod aftermath;
mod claim;
/// The `Broker`, which knows all that stands below.
mod state;
mod settings;
mod parking;
mod ready_edges;
mod reserved_engines;
mod signs_of_life;
mod expiry_edge;
mod held_since;
mod clock;
mod batchers;
pub mod taken;
pub mod settled;
pub mod heartbeat;
mod event_waits;
mod known_queues;
pub mod known_tokens;
/// What one caller may make in an hour.
mod quota;
/// Counts for the rates of queues.
mod activity;
/// For how long what was measured is shown.
mod freshness;
mod readiness;
/// What goes wrong for as long as its cause lasts.
mod troubles;
mod dead_letter_log;
mod error;

pub use batchers::Coalescing;
pub use error::{Error, LeaseLost, Result};
pub use parking::ParkingLimits;
pub use settings::Settings;
pub use state::Broker;
pub use troubles::Troubles;

pub use crate::batching::Size;
pub use crate::store::Error as StoreError;
pub use crate::store::pool::within;

use state::commit;

/// A random number from −1 to 1, for the jitter.
fn sway() -> f64 {
    rand::random_range(-1.0..=1.0)
}
