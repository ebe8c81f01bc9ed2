//! The use-cases, one file a verb. Knows no HTTP: requests come in checked, answers go out as facts.

mod activity;
mod audit;
pub mod cancel;
mod coalesce;
mod dead_letter_log;
pub mod dead_letters;
mod effects;
pub mod engines;
pub mod enqueue;
pub mod event_types;
pub mod events;
mod health;
mod hub;
pub mod lease;
mod liveness;
mod measure;
pub mod queues;
mod quota;
mod readiness;
pub mod reap;
pub mod settle;
pub mod tokens;
pub mod upkeep;

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::dispatch::{self, Dispatch, Heard};
use crate::metrics::Metrics;
use crate::store::notices::Notice;
use crate::store::pool::Pools;
use crate::store::{self, Pool};
use crate::supervisor::Supervisor;
use crate::troubles::Troubles;

pub use crate::error::{Error, LeaseLost, Result};
use activity::Activity;
use coalesce::Lanes;
pub use coalesce::{Coalescing, Size};
use dead_letter_log::DeadLetterLog;
use hub::Hub;
use liveness::Liveness;
use measure::Freshness;
use quota::Quota;
use readiness::Readiness;

/// Heartbeats carried out alone at once.
const HEARTBEATS_ALONE: usize = 1;

/// What an operator decided, as far as the use-cases need it.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub dispatch: dispatch::Settings,
    /// After the service was away, leases are not judged for that long.
    pub grace_seconds: u32,
    pub retention_days: i32,
    pub audit_retention_days: i32,
    /// With authentication, engines get a token of their own when they register.
    pub issues_engine_tokens: bool,
    /// Of one engine, however many heartbeats add to it; for its `static_config` and patches as well.
    pub max_dynamic_state_bytes: usize,
    pub coalescing: Coalescing,
    pub max_queues: u32,
    /// One caller makes in an hour.
    pub max_new_queues_per_hour: u32,
    /// With authentication, one caller registers in an hour.
    pub max_new_engines_per_hour: u32,
    /// With a retry policy of their own.
    pub max_event_types: u32,
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
    dispatch: Dispatch,
    hub: Hub,
    liveness: Liveness,
    known_queues: enqueue::KnownQueues,
    new_queues: Arc<Quota>,
    new_engines: Arc<Quota>,
    lanes: Lanes,
    /// Of requests carried out alone, which may have to wait for locks: they must not take all connections.
    alone: Arc<Semaphore>,
    /// The same for heartbeats: they wait for no locks of other requests, since engines would be taken to be dead meanwhile.
    heartbeats_alone: Semaphore,
    /// Reads of one event take no more connections of `pool` than this at a time.
    event_reads: Semaphore,
    /// A permit for each request that may wait: polls, and reads that wait for an event's end.
    places_to_wait: Arc<Semaphore>,
    readiness: Readiness,
    freshness: Freshness,
    activity: Activity,
    troubles: Arc<Troubles>,
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
        let connections = pool.max_connections() as usize;
        let troubles = Arc::<Troubles>::default();
        let places_to_wait = Arc::new(Semaphore::new(settings.dispatch.max_waiting.min(Semaphore::MAX_PERMITS)));
        let alone = Arc::new(Semaphore::new((connections / 2).saturating_sub(HEARTBEATS_ALONE).max(1)));
        let replica_id = uuid::Uuid::new_v4();
        let dispatch = Dispatch::new(dispatch::Context {
            pool: pool.clone(),
            settings: settings.dispatch,
            metrics: Arc::clone(&metrics),
            supervisor: supervisor.clone(),
            troubles: Arc::clone(&troubles),
            places_to_wait: Arc::clone(&places_to_wait),
            alone: Arc::clone(&alone),
            replica_id,
            stopping: stopping.clone(),
        });
        metrics.requests_overloaded.with_label_values(&[events::OVERLOADED_KIND]);
        let broker = Self {
            pool,
            reading_pool,
            metrics,
            supervisor,
            settings,
            dispatch,
            hub: Hub::default(),
            liveness: Liveness::default(),
            known_queues: enqueue::KnownQueues::default(),
            new_queues: Quota::per_hour(settings.max_new_queues_per_hour),
            new_engines: Quota::per_hour(settings.max_new_engines_per_hour),
            alone,
            heartbeats_alone: Semaphore::new(HEARTBEATS_ALONE),
            event_reads: Semaphore::new((connections / 4).max(1)),
            lanes: Lanes::new(settings.coalescing),
            places_to_wait,
            readiness: Readiness::default(),
            freshness: Freshness::default(),
            activity: Activity::default(),
            troubles,
            dead_letter_log: DeadLetterLog::default(),
            tokens: tokens::KnownTokens::default(),
            replica_id,
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
        let outcome = store::pool::within(self.settings.dispatch.call_timeout, use_case).await;
        outcome.unwrap_or_else(|| Err(store::Error::stalled().into()))
    }

    /// An engine called: it is alive.
    pub fn note_call(&self, engine_id: crate::domain::ids::EngineId) {
        self.liveness.note(engine_id, false);
    }

    /// Starts what serves waiting polls, and what keeps this replica informed.
    pub fn start_dispatch(self: &Arc<Self>, stop: &CancellationToken) {
        let broker = Arc::clone(self);
        self.dispatch.start(stop, move |heard| broker.take_notice(heard));
    }

    /// Starts what answers polls, which nothing else is needed for.
    pub fn start_serving(&self, stop: &CancellationToken) {
        self.dispatch.start_serving(stop);
    }

    fn take_notice(&self, heard: Heard) {
        match heard {
            Heard::Connected => {
                self.tokens.read_soon();
                self.known_queues.forget_all();
            }
            Heard::Notice(Notice::Events { engine_type, is_of_a_producer }) => {
                self.dispatch.heard(&engine_type, is_of_a_producer);
            }
            Heard::Notice(Notice::Tokens) => self.tokens.read_soon(),
            Heard::Notice(Notice::QueueRemoved { engine_type }) => self.forget_queue(&engine_type),
        }
    }

    /// What goes wrong for as long as its cause lasts.
    pub fn troubles(&self) -> &Troubles {
        &self.troubles
    }

    /// Logs what was counted and not logged yet.
    pub fn flush_logs(&self) {
        self.dead_letter_log.flush();
    }

    /// Makes all exclusive engines older than they are, as if that time had passed: for tests.
    pub fn age_exclusive_engines(&self, by: std::time::Duration) {
        self.dispatch.age_exclusive_engines(by);
    }
}

/// Replies come after this, never before.
async fn commit(transaction: store::Transaction) -> store::Result<()> {
    Ok(transaction.commit().await?)
}

/// A random number from −1 to 1, for the jitter.
fn jitter() -> f64 {
    rand::random_range(-1.0..=1.0)
}
