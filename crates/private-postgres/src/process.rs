//! The running postmaster, or `initdb`: a child that ends when this process does, a thread that waits for it, and its
//! signals.

use std::fmt;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tracing::warn;

use super::error::Error;

/// What waits for an outside event looks this often: a start takes some 30 ms.
const POLL_EVERY: Duration = Duration::from_millis(5);

/// The longest that sessions get to end by themselves when the cluster is stopped.
const FAST_SHUTDOWN_LIMIT: Duration = Duration::from_secs(10);
/// An immediate shutdown kills what is left after 5 s by itself, so this is never reached by a sound postmaster.
const IMMEDIATE_SHUTDOWN_LIMIT: Duration = Duration::from_secs(15);

type ExitListener = Box<dyn FnOnce(ExitStatus) + Send>;

/// A child process and how it ended.
#[derive(Debug)]
pub(super) struct Process {
    pid: u32,
    exit: Arc<Exit>,
}

#[derive(Default)]
struct Exit {
    state: Mutex<ExitState>,
    changed: Condvar,
}

#[derive(Default)]
struct ExitState {
    status: Option<ExitStatus>,
    listeners: Vec<ExitListener>,
}

impl Process {
    /// Runs `command` in a process group of its own, so that Ctrl-C in a terminal reaches us alone. When this process ends,
    /// the child gets the signal `death_of_parent`.
    ///
    /// Linux binds the parent-death signal to the thread that forked, not to the process. So the child is started by
    /// a thread that then waits for it, and hence lives as long as the child does.
    pub fn spawn(mut command: Command, death_of_parent: Option<Signal>) -> io::Result<Self> {
        command.process_group(0);
        let exit = Arc::new(Exit::default());
        let (started, start) = mpsc::channel();
        let seen_by_thread = Arc::clone(&exit);
        thread::Builder::new().name("private-postgres".to_owned()).spawn(move || {
            if let Some(signal) = death_of_parent {
                end_with_this_thread(&mut command, signal);
            }
            match command.spawn() {
                Ok(child) => {
                    // Whoever asked waits for this answer in the line below.
                    started.send(Ok(child.id())).ok();
                    wait_for(child, &seen_by_thread);
                }
                Err(error) => {
                    started.send(Err(error)).ok();
                }
            }
        })?;
        let pid = start.recv().expect("the thread answers before it ends")?;
        Ok(Self { pid, exit })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// How the process ended; `None` while it runs.
    pub fn exit_status(&self) -> Option<ExitStatus> {
        self.exit.lock().status
    }

    /// Calls `listener` when the process has ended, at once if it already has.
    pub fn on_exit(&self, listener: ExitListener) {
        let mut state = self.exit.lock();
        match state.status {
            None => state.listeners.push(listener),
            Some(status) => {
                drop(state);
                listener(status);
            }
        }
    }

    /// Sends a signal, unless the process has ended and its number may already be another's.
    fn signal(&self, signal: Signal) {
        let state = self.exit.lock();
        if state.status.is_none() {
            send(self.pid, signal);
        }
    }

    /// Waits until the process has ended; false if it did not within `limit`.
    pub fn wait(&self, limit: Duration) -> bool {
        let running = self.exit.lock();
        let (state, _) = self
            .exit
            .changed
            .wait_timeout_while(running, limit, |state| state.status.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        state.status.is_some()
    }

    /// Ends it by `first`, a signal upon which it ends in order.
    ///
    /// # Errors
    /// [`Error::DoesNotStop`] if it still runs after all that can be done short of SIGKILL.
    pub fn stop(&self, first: Signal) -> Result<(), Error> {
        self.signal(first);
        if !self.wait(FAST_SHUTDOWN_LIMIT) {
            warn!(pid = self.pid, "private postgres is slow to stop, cutting it short");
            self.signal(Signal::SIGQUIT);
            if !self.wait(IMMEDIATE_SHUTDOWN_LIMIT) {
                return Err(Error::DoesNotStop { pid: self.pid });
            }
        }
        Ok(())
    }
}

impl Exit {
    /// No code panics while it holds the lock, so what a poisoned one guards is whole.
    fn lock(&self) -> MutexGuard<'_, ExitState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Exit").field(&self.lock().status).finish()
    }
}

fn wait_for(mut child: Child, exit: &Exit) {
    // Waiting fails only if somebody else has already asked how it ended: then all we know is that it did.
    let status = child.wait().unwrap_or_default();
    let mut state = exit.lock();
    state.status = Some(status);
    let listeners = std::mem::take(&mut state.listeners);
    drop(state);
    exit.changed.notify_all();
    for listener in listeners {
        listener(status);
    }
}

/// Sends a signal to a process that may be gone by now, or be out of our reach: either shows when it is waited for.
pub(super) fn send(pid: u32, signal: Signal) {
    if let Ok(pid) = pid.try_into() {
        kill(Pid::from_raw(pid), signal).ok();
    }
}

/// Looks again and again until `is_done`; false if it is not within `limit`.
pub(super) fn poll(limit: Duration, mut is_done: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !is_done() {
        if start.elapsed() >= limit {
            return false;
        }
        pause();
    }
    true
}

#[expect(clippy::disallowed_methods, reason = "this module is blocking code, kept off the runtime by its callers")]
fn pause() {
    thread::sleep(POLL_EVERY);
}

/// Makes the kernel send `signal` to the child of `command` when the thread that starts it ends, and hence also when
/// this process is killed in a way that leaves it no time to do so itself.
#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "pre_exec: the closure runs between fork and exec, where it makes two system calls and neither allocates \
              nor takes a lock"
)]
pub(super) fn end_with_this_thread(command: &mut Command, signal: Signal) {
    let parent = Pid::this();
    let ask_kernel = move || {
        nix::sys::prctl::set_pdeathsig(signal)?;
        // The parent may have died just before: then no signal would ever come.
        if nix::unistd::getppid() == parent { Ok(()) } else { Err(io::Error::from(nix::errno::Errno::ESRCH)) }
    };
    unsafe {
        command.pre_exec(ask_kernel);
    }
}

/// Elsewhere the next start ends what a killed process left running.
#[cfg(not(target_os = "linux"))]
pub(super) fn end_with_this_thread(_command: &mut Command, _signal: Signal) {}
