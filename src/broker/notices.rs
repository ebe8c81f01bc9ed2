//! Hearing of what producers in SQL and other replicas take in, and knowing whether it is heard.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{sleep, timeout};

use super::{Broker, Result};
use crate::metrics::Metrics;
use crate::store;
use crate::store::notices::Notice;

/// So long it may be silent.
const ASKED_AFTER: Duration = Duration::from_secs(30);

/// From the end of a connection to the next, however often connections end.
const PAUSE: Duration = Duration::from_millis(200);

/// The state of the connection that listens.
#[derive(Debug, Default)]
pub struct Listener {
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct State {
    /// PostgreSQL's process at its other end; `None` while there is no connection.
    pub pid: Option<i32>,
    /// How often it was lost.
    pub interruptions: u64,
}

impl Listener {
    pub fn state(&self) -> State {
        *self.state.lock()
    }

    fn change(&self, metrics: &Metrics, pid: Option<i32>) {
        let mut state = self.state.lock();
        state.interruptions += u64::from(state.pid.is_some() && pid.is_none());
        state.pid = pid;
        metrics.listener_connected.set(pid.is_some().into());
    }
}

impl Broker {
    /// Wakes polls for what producers in SQL and other replicas take in; returns when that is not heard of any more.
    pub async fn hear_of_events(&self) -> Result<()> {
        let outcome = self.hear().await;
        self.listener.change(&self.metrics, None);
        outcome
    }

    async fn hear(&self) -> Result<()> {
        loop {
            let listening = async { Ok(store::notices::listen(&self.pool, self.replica_id).await?) };
            let mut notices = self.in_time(listening).await?;
            let pid = self.in_time(async { Ok(notices.connect().await?) }).await?;
            self.listener.change(&self.metrics, Some(pid));
            self.troubles.note_success_of_task("listener");
            // What was said meanwhile is not known.
            self.tokens.read_soon();
            self.known_queues.forget_all();
            loop {
                // A connection that nothing comes by may be dumb: it is asked now and then.
                let Ok(notice) = timeout(ASKED_AFTER, notices.next()).await else {
                    self.in_time(async { Ok(notices.connect().await?) }).await?;
                    continue;
                };
                let Some(notice) = notice? else { break };
                match notice {
                    Notice::Events { engine_type, is_of_a_producer } => {
                        // It may have been due long before its commit, behind what was leased since.
                        if is_of_a_producer {
                            self.ready_edges.sweep_soon(&engine_type);
                        }
                        // If there are more, the look for one will tell.
                        self.parking.landed(&engine_type, 1);
                    }
                    Notice::Tokens => self.tokens.read_soon(),
                    Notice::QueueRemoved { engine_type } => self.forget_queue(&engine_type),
                }
            }
            self.listener.change(&self.metrics, None);
            sleep(PAUSE).await;
        }
    }
}
