//! The signals that end a server. The first ends it in order, at any time from the begin of its start; a second one, or
//! too long a time, hard.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::error::Error;

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RunEnd {
    /// All requests and tasks ended by themselves.
    InOrder,
    /// Requests or tasks were cut off.
    Hard,
    /// The private database went away.
    Failed,
    /// A task panicked too often.
    TaskFailed,
}

/// The signals that ask a process to end.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// `None` where whoever started this process has it ignore them, as `nohup` does.
    hangup: Option<Signal>,
}

impl Signals {
    /// From now on these signals are received here; before, they ended the process, or, with the process id 1, did nothing.
    pub fn receive() -> Result<Self, Error> {
        let receive = |kind| signal(kind).map_err(Error::Signals);
        Ok(Self {
            terminate: receive(SignalKind::terminate())?,
            interrupt: receive(SignalKind::interrupt())?,
            hangup: if is_hangup_ignored() { None } else { Some(receive(SignalKind::hangup())?) },
        })
    }

    /// The name of the next one.
    pub async fn next(&mut self) -> &'static str {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            _ = hangup => "SIGHUP",
        }
    }
}

/// As Linux reports it; elsewhere it is taken not to be ignored.
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    is_ignored(&status, SignalKind::hangup())
}

/// Reads the mask of ignored signals, in which signal n is bit n − 1 (proc(5)).
fn is_ignored(status: &str, kind: SignalKind) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok()).unwrap_or(0);
    mask >> (kind.as_raw_value() - 1) & 1 == 1
}

/// Awaits `work`, which ends soon once `stop` is cancelled: the first signal does so. `None` where a second signal came
/// before, or the time was up.
pub async fn until_signal<T>(
    signals: &mut Signals,
    stop: &CancellationToken,
    patience: Duration,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = std::pin::pin!(work);
    let signal = tokio::select! {
        outcome = &mut work => return Some(outcome),
        signal = signals.next() => signal,
    };
    tracing::info!(signal, "stopping before the start is done; a second signal ends it hard");
    stop.cancel();
    or_hard(signals, patience, work).await
}

/// Awaits `work` until a signal comes or the time is up: then `None`.
pub async fn or_hard<T>(signals: &mut Signals, patience: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        outcome = work => Some(outcome),
        signal = signals.next() => {
            tracing::warn!(signal, "ended hard");
            None
        }
        () = tokio::time::sleep(patience) => {
            tracing::warn!(seconds = patience.as_secs(), "ended hard, since stopping took too long");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SignalKind, is_ignored};

    #[test]
    fn whether_a_signal_is_ignored_is_read_from_the_mask() {
        let status =
            "Name:\teventlease\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000004002\n";
        assert!(is_ignored(status, SignalKind::hangup()) && is_ignored(status, SignalKind::pipe()));
        assert!(!is_ignored(status, SignalKind::interrupt()) && !is_ignored(status, SignalKind::terminate()));
        assert!(!is_ignored("", SignalKind::hangup()) && !is_ignored("SigIgn:\tx\n", SignalKind::hangup()));
    }
}
