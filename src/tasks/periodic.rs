//! Tasks of rounds: each round reports what it did; the loop with its pauses, time limit and metrics is written once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::broker::{Broker, Result};
use crate::metrics::Metrics;
use crate::store;
use crate::store::pool::within;
use crate::supervisor::Supervisor;

/// The pause after a round that may be expensive, in multiples of the time that rounds take. It keeps the task's share of the
/// database's time small.
const REST: u32 = 50;

/// One round; what it did, or `None` where there was nothing to do.
type Round = fn(Arc<Broker>) -> BoxFuture<'static, Result<Option<String>>>;

/// One kind of background work.
#[derive(Clone, Copy)]
pub struct Periodic {
    name: &'static str,
    /// The least pause after a round.
    pause: Duration,
    /// The pause in multiples of the time that rounds take, where that is longer.
    rest: u32,
    run_once: Round,
}

impl Periodic {
    /// A round of it is cheap.
    pub const fn every(pause: Duration, name: &'static str, run_once: Round) -> Self {
        Self { name, pause, rest: 0, run_once }
    }

    /// A round of it may be expensive: the longer rounds take, the longer the pauses between them.
    pub const fn rarely(pause: Duration, name: &'static str, run_once: Round) -> Self {
        Self { name, pause, rest: REST, run_once }
    }

    /// The same with another pause, in multiples of the time that rounds take.
    pub const fn resting(self, rest: u32) -> Self {
        Self { rest, ..self }
    }

    /// The pause after the last two rounds. One long round, like the first after a start, does not lengthen it: the shorter of both counts.
    fn pause_after(&self, rounds: [Duration; 2]) -> Duration {
        let took = rounds[0].min(rounds[1]);
        (took * self.rest).max(self.pause)
    }
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

/// Starts tasks.
pub struct Starter<'a> {
    /// Owns the tasks.
    pub supervisor: &'a Supervisor,
    /// The use-cases that the rounds carry out.
    pub broker: &'a Arc<Broker>,
    /// Counts the rounds and how long they take.
    pub metrics: &'a Arc<Metrics>,
    /// Cancelled when the tasks are to end.
    pub stop: &'a CancellationToken,
}

impl Starter<'_> {
    /// A task of rounds.
    pub fn start(&self, task: Periodic) {
        for outcome in RoundOutcome::ALL {
            self.metrics.task_runs.with_label_values(&[task.name, outcome.as_str()]);
        }
        let metrics = Arc::clone(self.metrics);
        self.keep(task.name, move |broker, stop| run_rounds(task, broker, Arc::clone(&metrics), stop));
    }

    /// A task with a loop of its own.
    pub fn keep<R: Future<Output = ()> + Send + 'static>(
        &self,
        name: &'static str,
        run: impl Fn(Arc<Broker>, CancellationToken) -> R + Send + Sync + 'static,
    ) {
        let (broker, stop) = (Arc::clone(self.broker), self.stop.clone());
        self.supervisor.keep(name, self.stop, move || run(Arc::clone(&broker), stop.clone()));
    }
}

async fn run_rounds(task: Periodic, broker: Arc<Broker>, metrics: Arc<Metrics>, stop: CancellationToken) {
    let mut rounds = [Duration::ZERO; 2];
    while !stop.is_cancelled() {
        let began = Instant::now();
        run_round(task, &broker, &metrics).await;
        rounds = [rounds[1], began.elapsed()];
        let pause = task.pause_after(rounds).mul_f64(rand::random_range(0.9..=1.1));
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Runs one round and logs what it did; a trouble that lasts is logged once. A round that takes longer than its limit is given
/// up, and tried again: its connection is taken to be silent.
async fn run_round(task: Periodic, broker: &Arc<Broker>, metrics: &Metrics) {
    let (outcome, result) = match within(broker.round_timeout(), (task.run_once)(Arc::clone(broker))).await {
        Some(Ok(did)) => (RoundOutcome::Ok, Ok(did)),
        Some(Err(error)) => (RoundOutcome::Failed, Err(error)),
        None => (RoundOutcome::TimedOut, Err(store::Error::stalled().into())),
    };
    metrics.task_runs.with_label_values(&[task.name, outcome.as_str()]).inc();
    match result {
        Ok(did) => {
            if let Some(did) = did {
                tracing::info!("{}: {did}", task.name);
            }
            broker.troubles().note_success_of_task(task.name);
        }
        Err(error) => broker.troubles().note_failure_of_task(task.name, &error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_after_two_long_rounds_is_long_and_else_the_least() {
        let (least, long, longer) = (Duration::from_secs(10), Duration::from_secs(3), Duration::from_secs(4));
        let run_once: Round = |_| Box::pin(async { Ok(None) });
        let task = Periodic::rarely(least, "tested", run_once);
        assert_eq!(task.pause_after([Duration::ZERO, long]), least);
        assert_eq!(task.pause_after([long, Duration::ZERO]), least);
        assert_eq!(task.pause_after([longer, long]), long * REST);
        assert_eq!(task.pause_after([long, longer]), long * REST);
        assert_eq!(Periodic::every(least, "tested", run_once).pause_after([long, long]), least);
    }
}
