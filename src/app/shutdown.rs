//! Two stages: the first signal ends the server in order; a second one, or too long a time, hard.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Error, Failure, Server};

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    InOrder,
    /// Requests or tasks were cut off.
    Hard,
    /// The private database went away.
    Failed,
    /// A task panicked too often.
    TaskFailed,
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self, Error> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(Error::Serve)?,
            interrupt: signal(SignalKind::interrupt()).map_err(Error::Serve)?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Runs until a signal, then stops.
pub async fn run_until_told(mut server: Server, patience: Duration) -> Result<Ending, Error> {
    let mut signals = Signals::new()?;
    let in_order = tokio::select! {
        signal = signals.next() => {
            tracing::info!(signal, "stopping; a second signal ends it hard");
            Ending::InOrder
        }
        failure = server.failed() => {
            tracing::error!(?failure, "stopping, since a part of the server failed");
            match failure {
                Failure::Database => Ending::Failed,
                Failure::Task(_) => Ending::TaskFailed,
            }
        }
    };
    // The exit code says that a task failed, however the rest ended.
    let hard = if in_order == Ending::TaskFailed { Ending::TaskFailed } else { Ending::Hard };
    tokio::select! {
        outcome = server.stop() => {
            outcome?;
            tracing::info!("stopped");
            Ok(in_order)
        }
        signal = signals.next() => {
            tracing::warn!(signal, "ended hard");
            Ok(hard)
        }
        () = tokio::time::sleep(patience) => {
            tracing::warn!(seconds = patience.as_secs(), "ended hard, since stopping took too long");
            Ok(hard)
        }
    }
}
