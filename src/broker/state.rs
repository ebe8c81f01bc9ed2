//! What the use-cases of one replica share.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::activity::Activity;
use super::batchers::Batchers;
use super::clock::DatabaseClock;
use super::dead_letter_log::DeadLetterLog;
use super::error::Result;
use super::event_waits::EventWaits;
use super::expiry_edge::ExpiryEdge;
use super::freshness::Freshness;
use super::held_since::HeldSince;
use super::known_queues::KnownQueues;
use super::known_tokens::KnownTokens;
use super::notices::Listener;
use super::outbox::Outbox;
use super::parking::Parking;
use super::quota::Quota;
use super::readiness::Readiness;
use super::ready_edges::ReadyEdges;
use super::reserved_engines::ReservedEngines;
use super::settings::Settings;
use super::signs_of_life::SignsOfLife;
use super::troubles::Troubles;
use crate::domain::ids::EngineId;
use crate::metrics::Metrics;
use crate::store::pool::Pools;
use crate::store::{self, Pool};
use crate::supervisor::Supervisor;

/// Reads of one event, among the kinds of requests that metrics name where too much is waiting.
pub const EVENT_READS: &str = "event_reads";

/// One replica's use-cases. All that must last is in the database; what is kept here only makes
/// things faster and may be lost.
#[derive(Debug)]
pub struct Broker {
    /// For what changes something, and for what engines and producers wait for.
    pub(super) pool: Pool,
    /// For lists and reports, which never take a connection of `pool`.
    pub(super) reading_pool: Pool,
    pub(super) metrics: Arc<Metrics>,
    pub(super) supervisor: Supervisor,
    pub(super) settings: Settings,
    pub(super) event_waits: EventWaits,
    pub(super) ready_edges: ReadyEdges,
    pub(super) signs_of_life: SignsOfLife,
    pub(super) reserved_engines: ReservedEngines,
    pub(super) known_queues: KnownQueues,
    pub(super) new_queues: Arc<Quota>,
    pub(super) new_engines: Arc<Quota>,
    pub(super) batchers: Batchers,
    /// Permits for requests carried out alone, each of which takes a connection.
    pub(super) alone: Arc<Semaphore>,
    /// Reads of one event take no more connections of `pool` than this at a time.
    pub(super) event_reads: Semaphore,
    pub(super) parking: Arc<Parking>,
    pub(super) outbox: Outbox,
    pub(super) clock: DatabaseClock,
    pub(super) held_since: HeldSince,
    pub(super) expiry_edge: ExpiryEdge,
    pub(super) listener: Listener,
    pub(super) readiness: Readiness,
    pub(super) freshness: Freshness,
    pub(super) activity: Activity,
    pub(super) troubles: Troubles,
    pub(super) dead_letter_log: DeadLetterLog,
    pub(super) tokens: KnownTokens,
    /// Tells this replica from others, for as long as it runs.
    pub(super) replica_id: Uuid,
    pub(super) stopping: CancellationToken,
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
        metrics.requests_overloaded.with_label_values(&[EVENT_READS]);
        let alone = Batchers::alone(connections);
        let broker = Self {
            batchers: Batchers::new(settings.coalescing, &alone, &supervisor, &metrics),
            pool,
            reading_pool,
            metrics,
            supervisor,
            settings,
            event_waits: EventWaits::default(),
            ready_edges: ReadyEdges::default(),
            signs_of_life: SignsOfLife::default(),
            reserved_engines: ReservedEngines::default(),
            held_since: HeldSince::default(),
            expiry_edge: ExpiryEdge::default(),
            parking,
            outbox: Outbox::default(),
            clock: DatabaseClock::default(),
            known_queues: KnownQueues::default(),
            new_queues: Quota::per_hour(settings.max_new_queues_per_hour),
            new_engines: Quota::per_hour(settings.max_new_engines_per_hour),
            alone,
            event_reads: Semaphore::new((connections / 4).max(1)),
            listener: Listener::default(),
            readiness: Readiness::default(),
            freshness: Freshness::default(),
            activity: Activity::default(),
            troubles: Troubles::default(),
            dead_letter_log: DeadLetterLog::default(),
            tokens: KnownTokens::default(),
            replica_id: Uuid::new_v4(),
            stopping,
        };
        broker.observe_pools();
        broker
    }

    pub(super) async fn connection(&self) -> store::Result<store::Connection> {
        self.pool.acquire().await
    }

    pub(super) async fn reading_connection(&self) -> Result<store::Connection> {
        Ok(store::pool::acquire_reading(&self.reading_pool).await?)
    }

    /// Begins a transaction for reading by a filter of many optional parts.
    pub(super) async fn begin_reading(&self) -> Result<store::Transaction> {
        Ok(store::pool::begin_reading(&self.reading_pool).await?)
    }

    pub(super) async fn begin(&self) -> store::Result<store::Transaction> {
        store::pool::begin(&self.pool).await
    }

    pub(super) async fn begin_impatient(&self) -> store::Result<store::Transaction> {
        store::pool::begin_impatient(&self.pool).await
    }

    /// Gives up what takes the database too long altogether.
    pub(super) async fn in_time<T>(&self, use_case: impl Future<Output = Result<T>>) -> Result<T> {
        let outcome = store::pool::within(self.settings.call_timeout, use_case).await;
        outcome.unwrap_or_else(|| Err(store::Error::stalled().into()))
    }

    /// Any call of an engine is a sign of its life.
    pub fn note_sign_of_life(&self, engine_id: EngineId) {
        self.signs_of_life.note(engine_id, false);
    }

    /// Has both pools measure how long calls wait for a connection.
    fn observe_pools(&self) {
        for (name, pool) in self.named_pools() {
            pool.observe_waits(self.metrics.pool_wait_seconds.with_label_values(&[name]));
        }
    }

    pub(super) const fn named_pools(&self) -> [(&'static str, &Pool); 2] {
        [("working", &self.pool), ("reading", &self.reading_pool)]
    }

    /// What goes wrong for as long as its cause lasts.
    pub const fn troubles(&self) -> &Troubles {
        &self.troubles
    }

    /// Logs what was counted and not logged yet.
    pub fn flush_logs(&self) {
        self.dead_letter_log.flush();
    }
}

/// Replies come after this, never before.
pub async fn commit(transaction: store::Transaction) -> store::Result<()> {
    Ok(transaction.commit().await?)
}
