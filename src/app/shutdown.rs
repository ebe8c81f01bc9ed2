//! Two stages: the first signal ends the server in order; a second one, or too long a time, hard.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Error, Server};

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    InOrder,
    /// Requests or tasks were cut off.
    Hard,
    /// The private database went away.
    Failed,
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
    let told = tokio::select! {
        signal = signals.next() => Some(signal),
        () = server.failed() => None,
    };
    let has_failed = told.is_none();
    if let Some(signal) = told {
        tracing::info!(signal, "stopping; a second signal ends it hard");
    } else {
        tracing::error!("stopping, since the database is gone");
    }
    tokio::select! {
        outcome = server.stop() => {
            outcome?;
            tracing::info!("stopped");
            Ok(if has_failed { Ending::Failed } else { Ending::InOrder })
        }
        signal = signals.next() => {
            tracing::warn!(signal, "ended hard");
            Ok(Ending::Hard)
        }
        () = tokio::time::sleep(patience) => {
            tracing::warn!(seconds = patience.as_secs(), "ended hard, since stopping took too long");
            Ok(Ending::Hard)
        }
    }
}
