//! From a data directory to a postmaster that takes connections, whatever an earlier one left behind.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::data_dir::DataDir;
use super::error::Error;
use super::options::Options;
use super::pid_file;
use super::process::{self, Process};

/// A previous postmaster writes its last checkpoint before it lets go of the data.
const PREVIOUS_POSTMASTER_LIMIT: Duration = Duration::from_mins(1);
/// Sessions of a postmaster that was killed end by themselves when they notice, which a busy one does a little later.
const PREVIOUS_SESSIONS_LIMIT: Duration = Duration::from_secs(10);
/// What the log says while such sessions are left; `LC_ALL=C` keeps it in these words.
const PREVIOUS_SESSIONS_LEFT: &str = "pre-existing shared memory block";
/// Crash recovery may take long and must not be cut short; this is how often the log says that it goes on.
const STARTING_NOTICE_EVERY: Duration = Duration::from_secs(10);

/// Makes way for a new postmaster. The lock is ours, so whoever started the previous one is gone.
pub(super) fn clear_previous_postmaster(data_dir: &DataDir, stop: &CancellationToken) -> Result<(), Error> {
    let cluster = data_dir.cluster();
    if let Some(file) = pid_file::read(cluster)
        && pid_file::is_postmaster(file.pid, cluster)
    {
        info!(pid = file.pid, "waiting for the previous private postgres to stop");
        // Its parent's death has mostly told it already; where the system has no such signal, this does.
        process::send(file.pid, Signal::SIGINT);
        let has_ended = || !pid_file::is_postmaster(file.pid, cluster);
        process::poll(PREVIOUS_POSTMASTER_LIMIT, || stop.is_cancelled() || has_ended());
        if !has_ended() {
            if stop.is_cancelled() {
                return Err(Error::Interrupted);
            }
            return Err(Error::DoesNotStop { pid: file.pid });
        }
    }
    pid_file::disown(cluster).map_err(|source| Error::file("clear", cluster, source))
}

/// Runs `postgres`, a command with all its arguments, and returns when it is ready.
pub(super) fn launch(postgres: impl Fn() -> Command, data_dir: &DataDir, options: &Options) -> Result<Process, Error> {
    let mut launched = None;
    process::poll(PREVIOUS_SESSIONS_LIMIT, || {
        let result = launch_once(postgres(), data_dir, options);
        let must_wait = matches!(&result, Err(Error::StartFailed { log, .. }) if log.contains(PREVIOUS_SESSIONS_LEFT));
        launched = Some(result);
        !must_wait
    });
    launched.expect("polling looks at least once")
}

fn launch_once(mut postgres: Command, data_dir: &DataDir, options: &Options) -> Result<Process, Error> {
    let stop = &options.stop;
    if stop.is_cancelled() {
        return Err(Error::Interrupted);
    }
    let log_start = data_dir.rotate_log()?;
    postgres.stderr(data_dir.open_log()?);
    let program = PathBuf::from(postgres.get_program());
    let death_of_parent = options.dies_with_parent.then_some(Signal::SIGINT);
    let process = Process::spawn(postgres, death_of_parent).map_err(|source| Error::spawn(&program, source))?;
    let is_ready = || {
        // The file of a previous postmaster may still lie there: only our child's word counts.
        pid_file::read(data_dir.cluster()).is_some_and(|file| file.pid == process.pid() && file.is_ready)
    };
    let is_over = || process.exit_status().is_some() || is_ready() || stop.is_cancelled();
    while !process::poll(STARTING_NOTICE_EVERY, is_over) {
        info!(pid = process.pid(), "private postgres is still starting, it may be recovering from a crash");
    }
    match process.exit_status() {
        None if is_ready() => Ok(process),
        None => {
            info!(pid = process.pid(), "private postgres is stopped before it is ready");
            process.stop(Signal::SIGINT)?;
            Err(Error::Interrupted)
        }
        Some(status) => Err(Error::StartFailed { status, log: data_dir.log_tail(log_start) }),
    }
}
