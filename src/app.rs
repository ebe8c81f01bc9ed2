//! Puts the parts together, runs them, and takes them apart in the right order.

mod first_admin;
mod front;
mod connections;
mod connection;
mod room;
mod activity;
mod listeners;
mod routes;
mod database;
mod shutdown;
/// What the configuration means for each part.
mod settings;
mod error;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::broker::{self, Broker};
use crate::config::ServeConfig;
use crate::http::{self, Access, ApiParts};
use crate::logs::Outage;
use crate::metrics::Metrics;
use crate::store;
use crate::supervisor::Supervisor;
use crate::tasks;

pub use database::Database;
use database::STARTING_PATIENCE;
pub use error::Error;
use error::of_store;
use front::Front;
use shutdown::or_hard;
pub use shutdown::{RunEnd, Signals, until_signal};

/// A server that runs: HTTP, tasks, database.
#[derive(Debug)]
pub struct Server {
    /// Where it listens, with the port that was picked if the setting was 0.
    pub address: SocketAddr,
    /// The use-cases, for callers in this process.
    pub broker: Arc<Broker>,
    front: Front,
    stop_announced: CancellationToken,
    stop_tasks: CancellationToken,
    supervisor: Supervisor,
    database: Database,
}

/// What must run for ever and has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The private database.
    Database,
    /// A task that panicked too often.
    Task(&'static str),
}

impl Server {
    /// Starts everything; when this returns, requests are answered.
    pub async fn start(config: &ServeConfig) -> Result<Self, Error> {
        let started = Self::start_until(config, &CancellationToken::new()).await?;
        Ok(started.expect("only `stop` keeps it from starting, and nobody cancels that"))
    }

    /// The same, given up once `stop` is cancelled: then what was started is stopped, and there is no server.
    async fn start_until(config: &ServeConfig, stop: &CancellationToken) -> Result<Option<Self>, Error> {
        let metrics = Arc::new(Metrics::new(config.limits.max_metric_queues));
        let supervisor = Supervisor::new(Arc::clone(&metrics));
        // First of all, so that a port in use is said before a database is started, and that health checks are answered.
        let Some(front) = stop.run_until_cancelled(Front::open(config, &metrics, &supervisor)).await.transpose()?
        else {
            return Ok(None);
        };
        let database = match Database::open(&config.database, stop).await {
            Ok(Some(database)) => database,
            ended => {
                front.close().await?;
                return ended.map(|_| None);
            }
        };
        match stop.run_until_cancelled(prepare(config, &database, &metrics, &supervisor, &front)).await {
            Some(Ok(broker)) => Ok(Some(Self::serve(config, front, database, broker, &metrics, supervisor))),
            ended => {
                front.close().await?;
                let closed = database.close().await;
                ended.transpose()?;
                closed.map(|()| None)
            }
        }
    }

    /// Starts the tasks, and has requests answered.
    fn serve(
        config: &ServeConfig,
        front: Front,
        database: Database,
        broker: Arc<Broker>,
        metrics: &Arc<Metrics>,
        supervisor: Supervisor,
    ) -> Self {
        let (stop_announced, stop_tasks) = (CancellationToken::new(), CancellationToken::new());
        let reaper_interval = Duration::from_millis(config.tasks.reaper_interval_ms);
        tasks::start(&broker, metrics, &supervisor, reaper_interval, config.is_auth_required(), &stop_tasks);
        front.serve(http::router(ApiParts {
            broker: Arc::clone(&broker),
            metrics: Arc::clone(metrics),
            supervisor: supervisor.clone(),
            limits: settings::limits(config),
            installation: settings::installation(config),
            access: Access::new(settings::access(config), http::document()),
            stop_announced: stop_announced.clone(),
        }));
        Self { address: front.address, broker, front, stop_announced, stop_tasks, supervisor, database }
    }

    /// From now on the server is not ready, and answers as before.
    fn announce_stop(&self) {
        self.stop_announced.cancel();
    }

    /// Returns when something that must run for ever has ended.
    pub async fn failed(&mut self) -> Failure {
        tokio::select! {
            () = self.database.ended() => Failure::Database,
            name = self.supervisor.failed() => Failure::Task(name),
        }
    }

    /// The owner of all tasks, for seams like `make_panic`.
    pub const fn supervisor(&self) -> &Supervisor {
        &self.supervisor
    }

    /// Ends in order: requests, the work that they left behind, tasks, database.
    pub async fn stop(self) -> Result<(), Error> {
        self.announce_stop();
        self.front.close().await?;
        self.supervisor.wait_for_works().await;
        self.stop_tasks.cancel();
        self.supervisor.wait_for_all().await;
        self.broker.hand_back_rest().await;
        // What engines have last been heard with is not lost.
        if let Err(error) = self.broker.flush_liveness().await {
            tracing::debug!(cause = error.in_words(), "the last liveness times were not written");
        }
        self.broker.flush_logs();
        self.database.close().await
    }
}

/// Starts a server, calls `when_ready`, and runs until a signal or a failure; then stops.
pub async fn run(
    config: &ServeConfig,
    mut signals: Signals,
    when_ready: impl FnOnce(&Server) -> std::io::Result<()>,
) -> Result<RunEnd, Error> {
    let patience = Duration::from_secs(config.shutdown_timeout_seconds);
    let stop = CancellationToken::new();
    let starting = Box::pin(Server::start_until(config, &stop));
    let Some(started) = until_signal(&mut signals, &stop, patience, starting).await else { return Ok(RunEnd::Hard) };
    let Some(mut server) = started? else {
        tracing::info!("stopped");
        return Ok(RunEnd::InOrder);
    };
    let mut ending = RunEnd::InOrder;
    // The signal may have come in the last moment of the start.
    if !stop.is_cancelled() {
        when_ready(&server).map_err(Error::Serve)?;
        let delay = Duration::from_secs(config.shutdown_delay_seconds);
        ending = run_until_told(&mut server, &mut signals, delay).await;
        if ending == RunEnd::Hard {
            return Ok(ending);
        }
    }
    let Some(stopped) = or_hard(&mut signals, patience, server.stop()).await else {
        // The exit code says that a task failed, however the rest ended.
        return Ok(if ending == RunEnd::TaskFailed { ending } else { RunEnd::Hard });
    };
    match stopped {
        Ok(()) => tracing::info!("stopped"),
        Err(error) if ending == RunEnd::TaskFailed => tracing::error!(%error, "the rest did not end in order"),
        Err(error) => return Err(error),
    }
    Ok(ending)
}

/// Returns when the server is to be stopped, and how that came.
async fn run_until_told(server: &mut Server, signals: &mut Signals, delay: Duration) -> RunEnd {
    let signal = tokio::select! {
        signal = signals.next() => signal,
        failure = server.failed() => return failed(failure),
    };
    server.announce_stop();
    if !delay.is_zero() {
        let seconds = delay.as_secs();
        tracing::info!(signal, seconds, "not ready any more, and stopping after a delay; a second signal ends it hard");
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            failure = server.failed() => return failed(failure),
            signal = signals.next() => {
                tracing::warn!(signal, "ended hard");
                return RunEnd::Hard;
            }
        }
    }
    tracing::info!(signal, "stopping; a second signal ends it hard");
    RunEnd::InOrder
}

fn failed(failure: Failure) -> RunEnd {
    match failure {
        Failure::Database => {
            tracing::error!("stopping, since the private postgresql ended");
            RunEnd::Failed
        }
        Failure::Task(task) => {
            tracing::error!(task, "stopping, since a task panicked too often");
            RunEnd::TaskFailed
        }
    }
}

/// Brings the database into the state that requests need.
async fn prepare(
    config: &ServeConfig,
    database: &Database,
    metrics: &Arc<Metrics>,
    supervisor: &Supervisor,
    front: &Front,
) -> Result<Arc<Broker>, Error> {
    database.migrate().await?;
    let stop = front.stop.clone();
    let broker = Arc::new(Broker::new(
        database.pools.clone(),
        Arc::clone(metrics),
        supervisor.clone(),
        settings::of_broker(config),
        stop,
    ));
    make_first_partitions(&broker).await?;
    if config.is_auth_required() {
        broker.read_tokens().await.map_err(of_store)?;
        first_admin::make(&broker, &config.access).await?;
    } else {
        warn_of_open_doors(config);
    }
    Ok(broker)
}

fn warn_of_open_doors(config: &ServeConfig) {
    if !config.listen.is_loopback() {
        tracing::warn!("authentication is off: whoever reaches this address may do everything");
    }
    if config.access.admin_token_from_file.is_some() {
        tracing::warn!("authentication is off: the first admin's token is not taken from its file");
    }
    if !config.access.trusted_proxies().is_empty() {
        tracing::warn!(
            "proxies are trusted and authentication is off: whoever reaches them may do everything, and the addresses \
             that they tell stand in the audit trail only"
        );
    }
}

/// Without today's partitions no event can be taken in. Replicas that start together make them together, and one of
/// them may be the other one's wait that took too long.
async fn make_first_partitions(broker: &Broker) -> Result<(), Error> {
    let started = Instant::now();
    let waiting = Outage::new("waiting for the partitions of today", "the partitions of today are there");
    loop {
        let prepared = async {
            broker.tend_partitions().await?;
            // From then on this replica is ready.
            broker.leave_service_sign().await
        };
        match prepared.await {
            Ok(_) => {
                waiting.note_success();
                return Ok(());
            }
            Err(broker::Error::Store(store::Error::Timeout(cause) | store::Error::Locked(cause)))
                if started.elapsed() < STARTING_PATIENCE =>
            {
                waiting.note_failure(&cause);
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Err(error) => return Err(of_store(error)),
        }
    }
}
