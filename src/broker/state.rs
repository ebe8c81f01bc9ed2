//! What the use-cases of one replica share.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OnceCell, Semaphore};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::activity::Activity;
use super::batchers::Batchers;
use super::dead_letter_log::DeadLetterLog;
use super::end_waits::EndWaits;
use super::freshness::Freshness;
use super::known_queues::KnownQueues;
use super::known_tokens::KnownTokens;
use super::liveness::Liveness;
use super::quota::Quota;
use super::readiness::Readiness;
use super::settings::Settings;
use super::shared_history::SharedHistory;
use super::snapshots::Snapshots;
use super::written_history::WrittenHistory;
use crate::dispatch::{self, Dispatch, Heard};
use crate::domain::ids::{EngineId, EventId};
use crate::domain::run::RunScope;
use crate::error::Result;
use crate::metrics::Metrics;
use crate::store::engines::announcement::Concerns;
use crate::store::notices::Notice;
use crate::store::pool::Pools;
use crate::store::{self, Pool};
use crate::supervisor::Supervisor;
use crate::troubles::Troubles;

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
    /// Every metric of this server.
    pub(super) metrics: Arc<Metrics>,
    /// Owns the tasks, and the work that outlives its caller.
    pub(super) supervisor: Supervisor,
    /// What an operator decided.
    pub(super) settings: Settings,
    /// Reads that wait for an event to end.
    pub(super) event_waits: EndWaits<EventId>,
    /// Reads that wait for a run without open events.
    pub(super) run_waits: EndWaits<RunScope>,
    /// Holds the polls that wait for events, and serves them.
    pub(super) dispatch: Dispatch,
    /// When engines last called.
    pub(super) liveness: Liveness,
    /// Queues that are known to have a row.
    pub(super) known_queues: KnownQueues,
    /// How many queues a caller may make in an hour.
    pub(super) new_queues: Arc<Quota>,
    /// How many engines a token may register in an hour.
    pub(super) new_engines: Arc<Quota>,
    /// Carry out requests together with others of their kind.
    pub(super) batchers: Batchers,
    /// Reads of one event take no more connections of `pool` than this at a time.
    pub(super) event_reads: Semaphore,
    /// A permit for each request that may wait: polls, and reads that wait for an event's end.
    pub(super) places_to_wait: Arc<Semaphore>,
    /// When this replica last wrote to the database.
    pub(super) readiness: Readiness,
    /// How long the gauges read from the database are shown.
    pub(super) freshness: Freshness,
    /// How all queues stood when they were last measured.
    pub(super) snapshots: Snapshots,
    /// What this replica wrote of the history of queues.
    pub(super) written_history: WrittenHistory,
    /// What was just read of it.
    pub(super) shared_history: SharedHistory,
    /// What was done in each queue, for its rates.
    pub(super) activity: Activity,
    /// What goes wrong for as long as its cause lasts.
    pub(super) troubles: Arc<Troubles>,
    /// Dead letters to be logged.
    pub(super) dead_letter_log: DeadLetterLog,
    /// Bearer tokens, as they were last read from the database.
    pub(super) tokens: KnownTokens,
    /// The id of the installation, once it was asked for.
    pub(super) installation_id: OnceCell<Uuid>,
    /// Distinguishes this replica from others.
    pub(super) replica_id: Uuid,
    /// Cancelled when requests are no longer to wait, and no more events are to be taken in.
    pub(super) stopping: CancellationToken,
}

impl Broker {
    /// `stopping` is cancelled when requests are no longer to wait, and no more events are to be taken in.
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
        metrics.requests_overloaded.with_label_values(&[EVENT_READS]);
        let alone = Batchers::alone(connections);
        let troubles = Arc::<Troubles>::default();
        let places_to_wait = Arc::new(Semaphore::new(settings.dispatch.max_waiting.min(Semaphore::MAX_PERMITS)));
        let replica_id = Uuid::new_v4();
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
        let broker = Self {
            batchers: Batchers::new(settings.coalescing, &alone, &supervisor, &metrics),
            pool,
            reading_pool,
            metrics,
            supervisor,
            settings,
            event_waits: EndWaits::default(),
            run_waits: EndWaits::default(),
            dispatch,
            liveness: Liveness::default(),
            known_queues: KnownQueues::default(),
            new_queues: Quota::per_hour(settings.max_new_queues_per_hour),
            new_engines: Quota::per_hour(settings.max_new_engines_per_hour),
            event_reads: Semaphore::new((connections / 4).max(1)),
            places_to_wait,
            readiness: Readiness::default(),
            freshness: Freshness::default(),
            snapshots: Snapshots::default(),
            written_history: WrittenHistory::default(),
            shared_history: SharedHistory::default(),
            activity: Activity::default(),
            troubles,
            dead_letter_log: DeadLetterLog::default(),
            tokens: KnownTokens::default(),
            installation_id: OnceCell::new(),
            replica_id,
            stopping,
        };
        broker.observe_pools();
        broker
    }

    /// A connection for what changes something.
    pub(super) async fn connection(&self) -> store::Result<store::Connection> {
        self.pool.acquire().await
    }

    /// A connection for a list or a report.
    pub(super) async fn reading_connection(&self) -> Result<store::Connection> {
        Ok(store::pool::acquire_reading(&self.reading_pool).await?)
    }

    /// Begins a transaction for reading by a filter of many optional parts.
    pub(super) async fn begin_reading(&self) -> Result<store::Transaction> {
        Ok(store::pool::begin_reading(&self.reading_pool).await?)
    }

    /// Begins a transaction that changes something.
    pub(super) async fn begin(&self) -> store::Result<store::Transaction> {
        store::pool::begin(&self.pool).await
    }

    /// Begins a transaction that gives up soon where somebody else has locked what it needs.
    pub(super) async fn begin_impatient(&self) -> store::Result<store::Transaction> {
        store::pool::begin_impatient(&self.pool).await
    }

    /// Gives up what takes the database too long altogether.
    pub(super) fn in_time<T>(&self, use_case: impl Future<Output = Result<T>>) -> impl Future<Output = Result<T>> {
        store::pool::in_time(self.settings.dispatch.call_timeout, use_case)
    }

    /// An engine called: it is alive.
    pub fn note_call(&self, engine_id: EngineId) {
        self.liveness.note(engine_id, false);
    }

    /// Somebody reported with a lease's token, which speaks for the lease's holder also where it does not name itself.
    pub(super) fn note_holder_call(&self, holder: Option<EngineId>) {
        if let Some(holder) = holder {
            self.liveness.note_settlement(holder);
        }
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
                self.dispatch.all_orders_may_have_changed();
            }
            Heard::Notice(Notice::Engines { engine_type, concerns }) => {
                self.dispatch.orders_changed(&engine_type);
                if concerns == Concerns::HeartbeatsAndPolls {
                    self.dispatch.queue_changed(&engine_type);
                }
            }
            Heard::Notice(Notice::Events { engine_type, is_of_a_producer }) => {
                self.dispatch.heard(&engine_type, is_of_a_producer);
            }
            Heard::Notice(Notice::Tokens) => self.tokens.read_soon(),
            Heard::Notice(Notice::QueueRemoved { engine_type }) => self.forget_queue(&engine_type),
        }
    }

    /// Makes all exclusive engines older than they are, as if that time had passed: for tests.
    pub fn age_exclusive_engines(&self, by: Duration) {
        self.dispatch.age_exclusive_engines(by);
    }

    /// Has both pools measure how long calls wait for a connection.
    fn observe_pools(&self) {
        for (name, pool) in self.named_pools() {
            pool.observe_waits(self.metrics.pool_wait_seconds.with_label_values(&[name]));
        }
    }

    /// Both pools, by the names that metrics give them.
    pub(super) const fn named_pools(&self) -> [(&'static str, &Pool); 2] {
        [("working", &self.pool), ("reading", &self.reading_pool)]
    }

    /// What goes wrong for as long as its cause lasts.
    pub fn troubles(&self) -> &Troubles {
        &self.troubles
    }

    /// Logs what was counted and not logged yet.
    pub fn flush_logs(&self) {
        self.dead_letter_log.flush();
    }
}
