//! The connection that listens for notifications: from producers in SQL, and from other replicas.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::context::Context;
use crate::error::Result;
use crate::store;
use crate::store::notices::Notice;

/// A connection that was silent for this long is asked whether it is still there.
const ASKED_AFTER: Duration = Duration::from_secs(30);
/// From the end of a connection to the next, however often connections end.
const PAUSE: Duration = Duration::from_millis(200);
/// After an error. Nothing is lost meanwhile: the recheck finds what is due.
const PAUSE_AFTER_TROUBLE: Duration = Duration::from_secs(5);
/// The task's name in metrics and in the log.
pub const TASK: &str = "listener";

/// What the listener reports.
#[derive(Debug)]
pub enum Heard {
    /// A connection was opened. Notifications sent before are not known.
    Connected,
    /// A notification arrived.
    Notice(Notice),
}

/// The connection that listens, and its state.
#[derive(Debug)]
pub struct Listener {
    context: Arc<Context>,
    state: Mutex<ListenerState>,
}

/// How the listening connection is doing.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListenerState {
    /// PostgreSQL's process at its other end; `None` while there is no connection.
    pub pid: Option<i32>,
    /// How often it was lost.
    pub interruptions: u64,
}

impl Listener {
    /// Listens once it is run.
    pub fn new(context: Arc<Context>) -> Self {
        Self { context, state: Mutex::default() }
    }

    /// Which session listens, and how often it was lost.
    pub fn state(&self) -> ListenerState {
        *self.state.lock()
    }

    fn change(&self, pid: Option<i32>) {
        let mut state = self.state.lock();
        state.interruptions += u64::from(state.pid.is_some() && pid.is_none());
        state.pid = pid;
        self.context.metrics.listener_connected.set(pid.is_some().into());
    }

    /// Listens until told to stop, again after each error.
    pub async fn run(&self, report: &(impl Fn(Heard) + Sync), stop: &CancellationToken) {
        loop {
            let outcome = tokio::select! {
                () = stop.cancelled() => return,
                outcome = self.listen(report) => outcome,
            };
            self.change(None);
            if let Err(error) = outcome {
                self.context.troubles.note_failure_of_task(TASK, &error);
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(PAUSE_AFTER_TROUBLE) => {}
            }
        }
    }

    async fn listen(&self, report: &(impl Fn(Heard) + Sync)) -> Result<()> {
        let context = &*self.context;
        loop {
            let listening = async { Ok(store::notices::listen(&context.pool, context.replica_id).await?) };
            let mut notices = context.in_time(listening).await?;
            let pid = context.in_time(async { Ok(notices.connect().await?) }).await?;
            self.change(Some(pid));
            context.troubles.note_success_of_task(TASK);
            report(Heard::Connected);
            loop {
                // A connection by which nothing comes may be dead: it is asked now and then.
                let Ok(notice) = timeout(ASKED_AFTER, notices.next()).await else {
                    context.in_time(async { Ok(notices.connect().await?) }).await?;
                    continue;
                };
                let Some(notice) = notice? else { break };
                report(Heard::Notice(notice));
            }
            self.change(None);
            sleep(PAUSE).await;
        }
    }
}
