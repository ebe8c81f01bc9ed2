//! Which requests are carried out together: five kinds, each with a batcher.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::heartbeat::{Heartbeat, HeartbeatAnswer};
use super::settled::Settled;
use super::taken::Taken;
use crate::batching::{self, Mode, Options, Size, Unanswered};
use crate::domain::ids::EngineId;
use crate::domain::new_event::NewEvent;
use crate::domain::settlement::Settlement;
use crate::error::{Error, Result};
use crate::metrics::Metrics;
use crate::store::leases::open_events::Locking;
use crate::supervisor::Supervisor;

/// A batcher whose requests can each be refused.
pub type Batcher<I, A> = Arc<batching::Batcher<I, Result<A>>>;
/// The answers to a batch, in its order; `None` marks a request that is to be carried out again, alone.
pub type Answers<A> = Vec<Option<Result<A>>>;

/// What an operator may set of it.
#[derive(Clone, Copy, Debug)]
pub struct Coalescing {
    /// Rows of one batch; 1 gives every request a commit of its own.
    pub max_rows: usize,
    /// What may be unanswered of each kind.
    pub max_waiting: Size,
}

/// Bytes of one batch, which a statement has as its parameters.
const MAX_BATCH_BYTES: usize = 4 << 20;
/// While one batch commits, the next one can be worked on; more of them only make smaller batches.
const WORKERS: usize = 2;
/// Nobody waits for a heartbeat's reply, and they come evenly spread: without a pause each would be alone.
const HEARTBEAT_PAUSE: Duration = Duration::from_millis(500);
/// Heartbeats carried out alone at a time. They wait for no locks of other requests: engines would be taken to be dead meanwhile.
const HEARTBEATS_ALONE: usize = 1;

/// A batcher for each kind of request.
#[derive(Debug)]
pub struct Batchers {
    /// Events without keys.
    pub events: Batcher<Vec<NewEvent>, Vec<Result<Taken>>>,
    /// Events with an idempotency key or a unique key: they may have to wait for the transaction that just claims it.
    pub keyed_events: Batcher<Vec<NewEvent>, Vec<Result<Taken>>>,
    /// Reports on leases.
    pub settlements: Batcher<Vec<Settlement>, Vec<Result<Settled>>>,
    /// Completions with follow-up events: they may have to wait for the transaction that just claims an idempotency key.
    pub with_follow_ups: Batcher<Vec<Settlement>, Vec<Result<Settled>>>,
    /// Heartbeats of engines.
    pub heartbeats: Batcher<(EngineId, Heartbeat), HeartbeatAnswer>,
}

impl Batchers {
    /// `alone` holds the permits of all requests carried out alone but heartbeats, which have their own.
    pub fn new(
        coalescing: Coalescing,
        alone: &Arc<Semaphore>,
        supervisor: &Supervisor,
        metrics: &Arc<Metrics>,
    ) -> Self {
        let options = |kind| Options {
            kind,
            batch: Size { rows: coalescing.max_rows, bytes: MAX_BATCH_BYTES },
            room: coalescing.max_waiting,
            workers: WORKERS,
            pause: Duration::ZERO,
            gives_way: Box::new(|| false),
            alone: Arc::clone(alone),
        };
        let settlements = batching::Batcher::new(options("settlements"), supervisor, metrics);
        let events = || {
            // Under overload, what is under way is ended before more is begun.
            let settlements: Batcher<_, _> = Arc::clone(&settlements);
            let gives_way = Box::new(move || settlements.is_crowded());
            batching::Batcher::new(Options { gives_way, ..options("events") }, supervisor, metrics)
        };
        let heartbeats = Options {
            workers: 1,
            pause: if coalescing.max_rows > 1 { HEARTBEAT_PAUSE } else { Duration::ZERO },
            alone: Arc::new(Semaphore::new(HEARTBEATS_ALONE)),
            ..options("heartbeats")
        };
        Self {
            events: events(),
            keyed_events: events(),
            heartbeats: batching::Batcher::new(heartbeats, supervisor, metrics),
            with_follow_ups: batching::Batcher::new(options("follow_ups"), supervisor, metrics),
            settlements,
        }
    }

    /// Permits for requests carried out alone, which may have to wait for locks: they must not take all connections.
    pub fn alone(connections: usize) -> Arc<Semaphore> {
        Arc::new(Semaphore::new((connections / 2).saturating_sub(HEARTBEATS_ALONE).max(1)))
    }
}

/// What is carried out together passes over rows that somebody else has locked.
pub const fn locking(mode: Mode) -> Locking {
    match mode {
        Mode::Together => Locking::SkipLocked,
        Mode::Alone => Locking::Wait,
    }
}

impl From<Unanswered> for Error {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Overloaded => Self::Overloaded,
            Unanswered::Panicked => Self::Crashed,
        }
    }
}
