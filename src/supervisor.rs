//! Owns every task that is not a request: those that run for as long as the process does, and pieces of work that
//! must reach their end although nobody may be waiting for it. Nothing else spawns tasks.
//!
//! One policy for all that run for ever: after a panic a task starts again, after 1, 2 and 4 seconds; the fourth panic
//! of one task within a minute means that the process cannot do its work, so it drains and exits with 70.
//!
//! A piece of work that panics is not repeated: whoever waits for it is told. A batch, a claim of events and a call are
//! such pieces, and are caught within the task that carries them out, so they never count towards the exit, not even
//! where each of them panics: a request must not be able to stop the process. Such a failure shows in
//! `eventlease_task_panics_total`, in the log and in the replies, and not in an exit.

mod work;

use std::any::Any;
use std::collections::{HashSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::domain::log_text::LogText;
use crate::metrics::Metrics;
pub use work::Work;

/// Within this time panics of one task are counted together.
const WINDOW: Duration = Duration::from_mins(1);
/// The pauses before a task starts again, by how often it panicked within the window.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// The work ended by a panic. It is in the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the work ended without an answer")]
pub struct Panicked;

/// What a panic left behind: what it said, for the log.
pub type Panic = Box<dyn Any + Send>;

/// Cheap to clone: all clones are the same supervisor.
#[derive(Clone, Debug)]
pub struct Supervisor {
    shared: Arc<Shared>,
}

/// Starts one life of a task that runs for ever.
type Run = Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

#[derive(Debug)]
struct Shared {
    tasks: TaskTracker,
    works: TaskTracker,
    metrics: Arc<Metrics>,
    pauses: [Duration; 3],
    /// The task that panicked too often.
    failed: watch::Sender<Option<&'static str>>,
    /// Names of all tasks that were to run for ever.
    names: Mutex<Vec<&'static str>>,
    seam: Seam,
}

/// Lets tests make tasks panic.
#[derive(Debug, Default)]
struct Seam {
    to_panic: Mutex<HashSet<String>>,
    changed: Notify,
}

impl Supervisor {
    /// A supervisor without tasks, which counts panics in `metrics`.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self::with_pauses(metrics, PAUSES)
    }

    fn with_pauses(metrics: Arc<Metrics>, pauses: [Duration; 3]) -> Self {
        for work in Work::ALL {
            metrics.task_panics.with_label_values(&[work.as_str()]);
        }
        let shared = Shared {
            tasks: TaskTracker::new(),
            works: TaskTracker::new(),
            metrics,
            pauses,
            failed: watch::Sender::new(None),
            names: Mutex::default(),
            seam: Seam::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Runs a task until it returns after `stop` was cancelled. It starts again when it panics, and when it returns
    /// before that. The handle ends with it, however often it started.
    pub fn keep<R>(
        &self,
        name: &'static str,
        stop: &CancellationToken,
        run: impl Fn() -> R + Send + Sync + 'static,
    ) -> JoinHandle<()>
    where
        R: Future<Output = ()> + Send + 'static,
    {
        self.keep_boxed(name, stop, Box::new(move || run().boxed()))
    }

    /// Not generic, so that the loop is compiled once, and not again for each task.
    fn keep_boxed(&self, name: &'static str, stop: &CancellationToken, run: Run) -> JoinHandle<()> {
        self.shared.names.lock().push(name);
        self.shared.metrics.task_panics.with_label_values(&[name]);
        let (supervisor, stop) = (self.clone(), stop.clone());
        self.shared.tasks.spawn(async move {
            let mut restarts = Restarts::default();
            loop {
                let outcome = supervisor.run_or_panic(name, run()).await;
                if stop.is_cancelled() {
                    return;
                }
                if outcome.is_ok() {
                    tracing::error!(task = name, "a task that runs for ever has returned");
                }
                let Some(pause) = restarts.after_panic(Instant::now(), supervisor.shared.pauses) else {
                    tracing::error!(task = name, "the task panicked too often, so the server stops");
                    supervisor.shared.failed.send_replace(Some(name));
                    return;
                };
                tracing::error!(task = name, seconds = pause.as_secs(), "the task starts again after a pause");
                tokio::select! {
                    () = sleep(pause) => {}
                    () = stop.cancelled() => return,
                }
            }
        })
    }

    /// One life of a task that runs for ever.
    async fn run_or_panic(&self, name: &'static str, run: BoxFuture<'static, ()>) -> Result<(), Panicked> {
        let life = async {
            tokio::select! {
                () = run => {}
                () = self.shared.seam.told_to_panic(name) => panic!("told to panic"),
            }
        };
        AssertUnwindSafe(life).catch_unwind().await.map_err(|panic| self.note_panic(name, &*panic))
    }

    /// Runs a piece of work in a task of its own, so that it reaches its end whoever stops waiting for it.
    pub async fn finish<T: Send + 'static>(
        &self,
        kind: Work,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Panicked> {
        let supervisor = self.clone();
        let task = self.shared.works.spawn(async move { supervisor.catch(kind, work).await });
        task.await.unwrap_or(Err(Panicked))
    }

    /// Starts a piece of work that nobody waits for.
    pub fn start(&self, kind: Work, work: impl Future<Output = ()> + Send + 'static) {
        let supervisor = self.clone();
        self.shared.works.spawn(async move {
            // What it panicked with is in the log, and it has no caller.
            supervisor.catch(kind, work).await.ok();
        });
    }

    /// Runs a part of a task that may panic without ending the task.
    ///
    /// # Errors
    /// [`Panicked`], once the panic is in the log.
    pub async fn catch<T>(&self, kind: Work, work: impl Future<Output = T>) -> Result<T, Panicked> {
        self.catch_unlogged(kind, work).await.map_err(|panic| self.note_panic(kind.as_str(), &*panic))
    }

    /// The same, where the caller logs the panic, by [`note_panic`](Self::note_panic).
    pub async fn catch_unlogged<T>(&self, kind: Work, work: impl Future<Output = T>) -> Result<T, Panic> {
        let is_to_panic = self.shared.seam.take(kind.as_str());
        let work = async {
            assert!(!is_to_panic, "told to panic");
            work.await
        };
        AssertUnwindSafe(work).catch_unwind().await
    }

    /// Logs and counts the panic of a task, or of a piece of work.
    pub fn note_panic(&self, name: &'static str, panic: &(dyn Any + Send)) -> Panicked {
        tracing::error!(task = name, panic = %LogText(message_of(panic)), "a task panicked");
        self.shared.metrics.task_panics.with_label_values(&[name]).inc();
        Panicked
    }

    /// Returns the name of a task that panicked too often; never, while all is well.
    pub async fn failed(&self) -> &'static str {
        let mut failed = self.shared.failed.subscribe();
        match failed.wait_for(Option::is_some).await {
            Ok(name) => name.unwrap_or("unknown"),
            Err(_) => std::future::pending().await,
        }
    }

    /// Waits until all pieces of work have ended. They may need the tasks for that.
    pub async fn wait_for_works(&self) {
        self.shared.works.close();
        self.shared.works.wait().await;
    }

    /// Waits until all tasks have ended, which must have been told to stop, and the works that they left behind.
    pub async fn wait_for_all(&self) {
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
        self.wait_for_works().await;
    }

    /// The tasks that run for ever, each name once.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        let mut names = self.shared.names.lock().clone();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// For tests: the task of that name panics where it waits, or the next piece of work when it begins.
    #[doc(hidden)]
    pub fn make_panic(&self, name: &str) {
        self.shared.seam.to_panic.lock().insert(name.to_owned());
        self.shared.seam.changed.notify_waiters();
    }
}

impl Seam {
    fn take(&self, name: &str) -> bool {
        let mut to_panic = self.to_panic.lock();
        !to_panic.is_empty() && to_panic.remove(name)
    }

    async fn told_to_panic(&self, name: &str) {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if self.take(name) {
                return;
            }
            changed.await;
        }
    }
}

/// What a panic said.
fn message_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

/// The panics of one task, as far as they still count.
#[derive(Debug, Default)]
struct Restarts {
    panics: VecDeque<Instant>,
}

impl Restarts {
    /// The pause before the task starts again; `None` when it has panicked too often.
    fn after_panic(&mut self, now: Instant, pauses: [Duration; 3]) -> Option<Duration> {
        self.panics.retain(|at| now.duration_since(*at) < WINDOW);
        let pause = pauses.get(self.panics.len()).copied();
        self.panics.push_back(now);
        pause
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn supervisor() -> Supervisor {
        Supervisor::with_pauses(Arc::new(Metrics::new(10)), [Duration::ZERO; 3])
    }

    #[test]
    fn the_fourth_panic_within_a_minute_is_one_too_many() {
        let (mut restarts, start) = (Restarts::default(), Instant::now());
        let pauses: Vec<_> =
            (0..4).map(|n| restarts.after_panic(start + Duration::from_secs(n * 10), PAUSES)).collect();
        assert_eq!(pauses, [Some(PAUSES[0]), Some(PAUSES[1]), Some(PAUSES[2]), None]);
    }

    #[test]
    fn panics_of_more_than_a_minute_ago_do_not_count() {
        let (mut restarts, start) = (Restarts::default(), Instant::now());
        for n in 0..10 {
            assert_eq!(restarts.after_panic(start + WINDOW * n, PAUSES), Some(PAUSES[0]));
        }
    }

    #[tokio::test]
    async fn a_task_that_always_panics_starts_four_times_and_then_fails() {
        let (supervisor, stop) = (supervisor(), CancellationToken::new());
        let starts = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&starts);
        let task = supervisor.keep("doomed", &stop, move || {
            counted.fetch_add(1, Ordering::Relaxed);
            async { panic!("always") }
        });
        assert_eq!(supervisor.failed().await, "doomed");
        task.await.expect("the panic stays inside");
        assert_eq!(starts.load(Ordering::Relaxed), 4);
    }

    #[tokio::test]
    async fn a_task_that_returns_too_early_starts_again() {
        let (supervisor, stop) = (supervisor(), CancellationToken::new());
        supervisor.keep("hasty", &stop, || async {});
        assert_eq!(supervisor.failed().await, "hasty");
    }

    #[tokio::test]
    async fn work_reaches_its_end_although_its_caller_is_gone() {
        let (supervisor, begun, done) = (supervisor(), Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (has_begun, is_done) = (Arc::clone(&begun), Arc::clone(&done));
        let go_on = Arc::new(Notify::new());
        let going = Arc::clone(&go_on);
        let mut call = Box::pin(supervisor.finish(Work::Call, async move {
            has_begun.notify_one();
            going.notified().await;
            is_done.notify_one();
        }));
        tokio::select! {
            _ = &mut call => unreachable!("it waits"),
            () = begun.notified() => {}
        }
        drop(call);
        go_on.notify_one();
        done.notified().await;
        supervisor.wait_for_works().await;
    }

    #[tokio::test]
    async fn whoever_waits_for_work_that_panics_is_told() {
        let supervisor = supervisor();
        assert_eq!(supervisor.finish(Work::Call, async { panic!("once") }).await, Err::<(), _>(Panicked));
        assert_eq!(supervisor.finish(Work::Call, async { 7 }).await, Ok(7));
        let shown = supervisor.shared.metrics.render();
        assert!(shown.contains("eventlease_task_panics_total{task=\"call\"} 1"), "{shown}");
        for work in Work::ALL {
            assert!(shown.contains(&format!("eventlease_task_panics_total{{task=\"{}\"}}", work.as_str())), "{shown}");
        }
    }
}
