//! The use-cases, one file a verb. Knows no HTTP: requests come in checked, answers go out as facts.

mod activity;
mod aftermath;
mod audit;
mod batchers;
mod batches;
pub mod cancel;
mod claim;
mod clock;
mod dead_letter_log;
pub mod dead_letters;
pub mod engines;
pub mod enqueue;
mod error;
pub mod event_types;
pub mod events;
mod expiry_edge;
mod health;
mod held_since;
mod hub;
pub mod lease;
mod lookout;
mod measure;
mod notices;
mod outbox;
mod parking;
pub mod queues;
mod quota;
mod readiness;
mod ready_edges;
pub mod reap;
mod reserved_engines;
pub mod settle;
mod signs_of_life;
pub mod tokens;
mod troubles;
pub mod upkeep;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

pub use crate::batching::Size;
use crate::metrics::Metrics;
use crate::store::lease::LeaseDefaults;
use crate::store::pool::Pools;
use crate::store::{self, Pool};
use crate::supervisor::Supervisor;

use activity::Activity;
use batchers::Batchers;
pub use batchers::Coalescing;
use clock::DatabaseClock;
use dead_letter_log::DeadLetterLog;
pub use error::{Error, LeaseLost};
use expiry_edge::ExpiryEdge;
use held_since::HeldSince;
use hub::Hub;
use measure::Freshness;
use outbox::Outbox;
use parking::Parking;
pub use parking::ParkingLimits;
use quota::Quota;
use readiness::Readiness;
use ready_edges::ReadyEdges;
use reserved_engines::ReservedEngines;
use signs_of_life::SignsOfLife;
pub use troubles::Troubles;

pub type Result<T> = std::result::Result<T, Error>;

/// What an operator decided, as far as the use-cases need it.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub lease_defaults: LeaseDefaults,
    /// Events a poll gets that names no limit.
    pub default_limit: u32,
    /// After the service was away, leases are not judged for that long.
    pub grace_seconds: u32,
    pub retention_days: i32,
    pub audit_retention_days: i32,
    /// With authentication, engines get a token of their own when they register.
    pub issues_engine_tokens: bool,
    /// Of one engine, however many heartbeats add to it; for its `static_config` and patches as well.
    pub max_dynamic_state_bytes: usize,
    /// How long a parked poll waits before it looks again without having been woken.
    pub recheck: std::time::Duration,
    pub coalescing: Coalescing,
    pub max_queues: u32,
    /// One caller makes in an hour.
    pub max_new_queues_per_hour: u32,
    /// With authentication, one caller registers in an hour.
    pub max_new_engines_per_hour: u32,
    /// With a retry policy of their own.
    pub max_event_types: u32,
    pub parking: ParkingLimits,
    /// Of one use-case's statements together; each statement and each wait for a connection has its own limit. Only a
    /// connection that is there and dumb makes a use-case last so long.
    pub call_timeout: std::time::Duration,
}

/// One replica's use-cases. All that must last is in the database; what is kept here only makes
/// things faster and may be lost.
#[derive(Debug)]
pub struct Broker {
    /// For what changes something, and for what engines and producers wait for.
    pool: Pool,
    /// For lists and reports, which never take a connection of `pool`.
    reading_pool: Pool,
    metrics: Arc<Metrics>,
    supervisor: Supervisor,
    settings: Settings,
    hub: Hub,
    ready_edges: ReadyEdges,
    signs_of_life: SignsOfLife,
    reserved_engines: ReservedEngines,
    known_queues: enqueue::KnownQueues,
    new_queues: Arc<Quota>,
    new_engines: Arc<Quota>,
    batchers: Batchers,
    /// Permits for requests carried out alone, each of which takes a connection.
    alone: Arc<tokio::sync::Semaphore>,
    /// Reads of one event take no more connections of `pool` than this at a time.
    event_reads: tokio::sync::Semaphore,
    parking: Arc<Parking>,
    outbox: Outbox,
    clock: DatabaseClock,
    held_since: HeldSince,
    expiry_edge: ExpiryEdge,
    listener: notices::Listener,
    readiness: Readiness,
    freshness: Freshness,
    activity: Activity,
    troubles: Troubles,
    dead_letter_log: DeadLetterLog,
    tokens: tokens::KnownTokens,
    /// Tells this replica from others, for as long as it runs.
    replica_id: uuid::Uuid,
    stopping: CancellationToken,
}

impl Broker {
    #[must_use]
    pub fn new(
        pools: Pools,
        metrics: Arc<Metrics>,
        supervisor: Supervisor,
        settings: Settings,
        stopping: CancellationToken,
    ) -> Self {
        let Pools { working: pool, reading: reading_pool } = pools;
        let max_rows = settings.coalescing.max_rows;
        let connections = pool.max_connections() as usize;
        let Settings { default_limit, recheck, parking: limits, .. } = settings;
        let parking = Arc::new(Parking::new(max_rows, default_limit, recheck, limits, &metrics));
        metrics.requests_overloaded.with_label_values(&[events::OVERLOADED_KIND]);
        let alone = Batchers::alone(connections);
        let broker = Self {
            batchers: Batchers::new(settings.coalescing, &alone, &supervisor, &metrics),
            pool,
            reading_pool,
            metrics,
            supervisor,
            settings,
            hub: Hub::default(),
            ready_edges: ReadyEdges::default(),
            signs_of_life: SignsOfLife::default(),
            reserved_engines: ReservedEngines::default(),
            held_since: HeldSince::default(),
            expiry_edge: ExpiryEdge::default(),
            parking,
            outbox: Outbox::default(),
            clock: DatabaseClock::default(),
            known_queues: enqueue::KnownQueues::default(),
            new_queues: Quota::per_hour(settings.max_new_queues_per_hour),
            new_engines: Quota::per_hour(settings.max_new_engines_per_hour),
            alone,
            event_reads: tokio::sync::Semaphore::new((connections / 4).max(1)),
            listener: notices::Listener::default(),
            readiness: Readiness::default(),
            freshness: Freshness::default(),
            activity: Activity::default(),
            troubles: Troubles::default(),
            dead_letter_log: DeadLetterLog::default(),
            tokens: tokens::KnownTokens::default(),
            replica_id: uuid::Uuid::new_v4(),
            stopping,
        };
        broker.observe_pools();
        broker
    }

    async fn connection(&self) -> store::Result<store::Connection> {
        self.pool.acquire().await
    }

    async fn reading_connection(&self) -> Result<store::Connection> {
        Ok(store::pool::acquire_reading(&self.reading_pool).await?)
    }

    /// Begins a transaction for reading by a filter of many optional parts.
    async fn begin_reading(&self) -> Result<store::Transaction> {
        Ok(store::pool::begin_reading(&self.reading_pool).await?)
    }

    async fn begin(&self) -> store::Result<store::Transaction> {
        store::pool::begin(&self.pool).await
    }

    async fn begin_impatient(&self) -> store::Result<store::Transaction> {
        store::pool::begin_impatient(&self.pool).await
    }

    /// Gives up what takes the database too long altogether.
    async fn in_time<T>(&self, use_case: impl Future<Output = Result<T>>) -> Result<T> {
        let outcome = store::pool::within(self.settings.call_timeout, use_case).await;
        outcome.unwrap_or_else(|| Err(store::Error::stalled().into()))
    }

    /// Any call of an engine is a sign of its life.
    pub fn note_sign_of_life(&self, engine_id: crate::domain::ids::EngineId) {
        self.signs_of_life.note(engine_id, false);
    }
}

/// Replies come after this, never before.
async fn commit(transaction: store::Transaction) -> store::Result<()> {
    Ok(transaction.commit().await?)
}

/// A random number from −1 to 1, for the jitter.
fn sway() -> f64 {
    rand::random_range(-1.0..=1.0)
}
