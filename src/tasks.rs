//! Background work: each task is one round that reports what it did; the loop is written once.

mod audit;
mod event_ends;
mod idempotency;
mod pacing;
mod partitions;
mod queues;
mod reaper;
mod signs_of_life;
mod statistics;
mod token_upkeep;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::broker::{self, Broker};
use crate::metrics::Metrics;
use crate::store;
use crate::store::pool::within;
use crate::supervisor::Supervisor;
use crate::troubles::Troubles;

/// One kind of background work.
trait Task: Send + Sync + 'static {
    const NAME: &'static str;

    /// From the end of one round to the begin of the next.
    fn interval(&self) -> Duration;

    /// One round; what it did, or `None` where there was nothing to do.
    fn run_once(&self) -> impl Future<Output = broker::Result<Option<String>>> + Send;
}

/// Starts all tasks; they end when `stop` is cancelled, each after its round.
pub fn start(
    broker: &Arc<Broker>,
    metrics: &Arc<Metrics>,
    supervisor: &Supervisor,
    reaper_interval: Duration,
    is_auth_required: bool,
    stop: &CancellationToken,
) {
    let start = Starter { supervisor, broker, metrics, round_timeout: broker.round_timeout(), stop };
    start.task(reaper::Reaper { broker: Arc::clone(broker), interval: reaper_interval });
    start.task(signs_of_life::SignsOfLife { broker: Arc::clone(broker) });
    start.task(partitions::Partitions { broker: Arc::clone(broker) });
    start.task(statistics::Statistics::new(Arc::clone(broker)));
    start.task(idempotency::IdempotencyKeys { broker: Arc::clone(broker) });
    start.task(queues::Queues::new(Arc::clone(broker)));
    start.task(event_ends::EventEnds { broker: Arc::clone(broker) });
    start.task(token_upkeep::TokenUpkeep { broker: Arc::clone(broker) });
    start.task(audit::Audit { broker: Arc::clone(broker) });
    if is_auth_required {
        start.endless("token_refresh", broker, |broker, stop| async move { broker.keep_tokens(&stop).await });
    }
    start.endless("hand_back", broker, |broker, stop| async move { broker.hand_back_undelivered(&stop).await });
    broker.start_dispatch(stop);
    broker.start_batches(stop);
}

/// How a round ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum RoundOutcome {
    Ok,
    Failed,
    TimedOut,
}

impl RoundOutcome {
    const ALL: [Self; 3] = [Self::Ok, Self::Failed, Self::TimedOut];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
        }
    }
}

struct Starter<'a> {
    supervisor: &'a Supervisor,
    broker: &'a Arc<Broker>,
    metrics: &'a Arc<Metrics>,
    /// A round that takes longer is given up, and tried again. Its connection is then taken to be silent.
    round_timeout: Duration,
    stop: &'a CancellationToken,
}

impl Starter<'_> {
    /// A task of rounds with a pause after each.
    fn task<T: Task>(&self, task: T) {
        let (task, broker, stop) = (Arc::new(task), Arc::clone(self.broker), self.stop.clone());
        let metrics = Arc::clone(self.metrics);
        let timeout = self.round_timeout;
        for outcome in RoundOutcome::ALL {
            metrics.task_runs.with_label_values(&[T::NAME, outcome.as_str()]);
        }
        self.supervisor.keep(T::NAME, self.stop, move || {
            run_rounds(Arc::clone(&task), Arc::clone(&broker), Arc::clone(&metrics), timeout, stop.clone())
        });
    }

    /// A task with a loop of its own.
    fn endless<R: Future<Output = ()> + Send>(
        &self,
        name: &'static str,
        broker: &Arc<Broker>,
        run: impl Fn(Arc<Broker>, CancellationToken) -> R + Send + Sync + 'static,
    ) {
        let (broker, stop) = (Arc::clone(broker), self.stop.clone());
        self.supervisor.keep(name, self.stop, move || run(Arc::clone(&broker), stop.clone()));
    }
}

async fn run_rounds<T: Task>(
    task: Arc<T>,
    broker: Arc<Broker>,
    metrics: Arc<Metrics>,
    timeout: Duration,
    stop: CancellationToken,
) {
    while !stop.is_cancelled() {
        run_round(&*task, broker.troubles(), &metrics, timeout).await;
        let pause = task.interval().mul_f64(rand::random_range(0.9..=1.1));
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Runs one round and logs what it did; a trouble that lasts is logged once.
async fn run_round<T: Task>(task: &T, troubles: &Troubles, metrics: &Metrics, timeout: Duration) {
    let (outcome, result) = match within(timeout, task.run_once()).await {
        Some(Ok(did)) => (RoundOutcome::Ok, Ok(did)),
        Some(Err(error)) => (RoundOutcome::Failed, Err(error)),
        None => (RoundOutcome::TimedOut, Err(store::Error::stalled().into())),
    };
    metrics.task_runs.with_label_values(&[T::NAME, outcome.as_str()]).inc();
    match result {
        Ok(did) => {
            if let Some(did) = did {
                tracing::info!("{}: {did}", T::NAME);
            }
            troubles.note_success_of_task(T::NAME);
        }
        Err(error) => troubles.note_failure_of_task(T::NAME, &error),
    }
}
