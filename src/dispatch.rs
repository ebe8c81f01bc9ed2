//! Who waits for events, and who gets which.
//!
//! Verbs know a few methods of [`Dispatch`] and nothing behind it: they hand a poll in, and say after their commit what
//! changed. All that is kept here only makes things faster and may be lost.

mod serving; // the workers that serve waiting polls
mod claim; // the transaction that leases events
mod recheck; // the periodic check for what no signal announced
mod waiting; // the polls that wait
mod listener; // notifications that come
mod notification_buffer; // notifications to be sent
mod scan_positions; // where scans begin
mod exclusive_engines; // engines that are kept free for a suspect
mod clock; // the database's clock
mod undelivered; // leases whose callers were gone
mod database; // connections and their limits
mod poll; // a poll and its answer

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::Semaphore;
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::domain::ids::{EngineId, EventId, LeaseToken};
use crate::metrics::Metrics;
use crate::store::Pool;
use crate::store::due::Place;
use crate::store::lease::LeaseDefaults;
use crate::store::notices::Notice as Notification;
use crate::supervisor::Supervisor;
use crate::troubles::Troubles;
use claim::Claims;
use clock::DatabaseClock;
use database::Database;
use exclusive_engines::ExclusiveEngines;
use listener::{Heard, Listener};
use notification_buffer::NotificationBuffer;
use recheck::Recheck;
use scan_positions::{Located, ScanPositions};
use serving::Serving;
use waiting::WaitingPolls;

pub use listener::ListenerState;
pub use poll::{Notice, Poll, Polled, Refused, Result};
pub use scan_positions::ExpiringPosition;
pub use waiting::WaitingLimits;

/// What an operator decided, as far as dispatch needs it.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub lease_defaults: LeaseDefaults,
    /// Events for a poll that names no limit.
    pub default_limit: u32,
    /// Events of one claim.
    pub max_rows: usize,
    /// How long a poll waits before its queue is checked again without a signal.
    pub recheck: Duration,
    pub waiting: WaitingLimits,
    /// All statements of one claim or check together.
    pub call_timeout: Duration,
}

/// What dispatch shares with the verbs.
#[derive(Debug)]
pub struct Shared {
    pub pool: Pool,
    pub metrics: Arc<Metrics>,
    pub supervisor: Supervisor,
    pub troubles: Arc<Troubles>,
    /// A permit for each request that may wait: polls, and reads that wait for an event's end.
    pub places_to_wait: Arc<Semaphore>,
    /// A permit for each request that is carried out alone, and may have to wait for locks.
    pub alone: Arc<Semaphore>,
    /// Distinguishes this replica from others.
    pub replica_id: Uuid,
    pub stopping: CancellationToken,
}

/// Something that came into a queue: from a settle, a loss, a redrive, or a producer.
#[derive(Clone, Copy, Debug)]
pub struct Landed {
    pub event_id: EventId,
    pub priority: u8,
    pub is_suspect: bool,
    pub available_at: DateTime<Utc>,
    /// By the database's clock, when it came.
    pub is_due: bool,
}

/// Notifications that concern others than dispatch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Signal {
    /// The listener's connection was opened: what was sent before is not known.
    Connected,
    /// Tokens were made or revoked.
    Tokens,
    QueueRemoved {
        engine_type: String,
    },
}

/// Waiting polls, claims, and what makes them quick.
#[derive(Debug)]
pub struct Dispatch {
    supervisor: Supervisor,
    stopping: CancellationToken,
    waiting: Arc<WaitingPolls>,
    positions: Arc<ScanPositions>,
    clock: Arc<DatabaseClock>,
    serving: Arc<Serving>,
    recheck: Arc<Recheck>,
    notifications: Arc<NotificationBuffer>,
    listener: Arc<Listener>,
}

impl Dispatch {
    #[must_use]
    pub fn new(shared: Shared, settings: Settings) -> Self {
        let Shared { pool, metrics, supervisor, troubles, places_to_wait, alone, replica_id, stopping } = shared;
        let Settings { lease_defaults, default_limit, max_rows, recheck, waiting: limits, call_timeout } = settings;
        let database = Database { pool, call_timeout };
        let (positions, clock) = (Arc::<ScanPositions>::default(), Arc::<DatabaseClock>::default());
        let waiting = Arc::new(WaitingPolls::new(
            max_rows,
            usize::try_from(default_limit).unwrap_or(usize::MAX),
            recheck * 2,
            limits.polls_of_engine,
            places_to_wait,
            metrics.polls_parked.clone(),
        ));
        let claims = Claims {
            database: database.clone(),
            positions: Arc::clone(&positions),
            exclusive_engines: ExclusiveEngines::default(),
            metrics: Arc::clone(&metrics),
            lease_defaults,
            default_limit,
        };
        let serving = Serving { waiting: Arc::clone(&waiting), claims, supervisor: supervisor.clone(), alone };
        let recheck = Recheck {
            database: database.clone(),
            waiting: Arc::clone(&waiting),
            positions: Arc::clone(&positions),
            clock: Arc::clone(&clock),
            troubles: Arc::clone(&troubles),
            interval: recheck,
        };
        let notifications = NotificationBuffer::new(database.clone(), replica_id, Arc::clone(&troubles));
        Self {
            supervisor,
            stopping,
            waiting,
            positions,
            clock,
            serving: Arc::new(serving),
            recheck: Arc::new(recheck),
            notifications: Arc::new(notifications),
            listener: Arc::new(Listener::new(database, replica_id, metrics, troubles)),
        }
    }

    /// Starts its tasks, which end after `stop`. What the listener hears that concerns others is passed to `signal`.
    pub fn start(&self, stop: &CancellationToken, signal: impl Fn(Signal) + Send + Sync + 'static) {
        self.start_serving(stop);
        let (recheck, until) = (Arc::clone(&self.recheck), stop.clone());
        self.supervisor.keep(recheck::TASK, stop, move || {
            let (recheck, stop) = (Arc::clone(&recheck), until.clone());
            async move { recheck.run(&stop).await }
        });
        let (notifications, until) = (Arc::clone(&self.notifications), stop.clone());
        self.supervisor.keep(notification_buffer::TASK, stop, move || {
            let (notifications, stop) = (Arc::clone(&notifications), until.clone());
            async move { notifications.run(&stop).await }
        });
        let (listener, until) = (Arc::clone(&self.listener), stop.clone());
        let (waiting, positions) = (Arc::clone(&self.waiting), Arc::clone(&self.positions));
        let report = Arc::new(move |heard| match heard {
            Heard::Connected => signal(Signal::Connected),
            Heard::Notice(Notification::Tokens) => signal(Signal::Tokens),
            Heard::Notice(Notification::QueueRemoved { engine_type }) => signal(Signal::QueueRemoved { engine_type }),
            Heard::Notice(Notification::Events { engine_type, is_of_a_producer }) => {
                // It may have been due long before its commit, behind what was leased since.
                if is_of_a_producer {
                    positions.due.sweep_soon(&engine_type);
                }
                // If there are more, the claim for one finds out.
                waiting.landed(&engine_type, 1);
            }
        });
        self.supervisor.keep(listener::TASK, stop, move || {
            let (listener, report, stop) = (Arc::clone(&listener), Arc::clone(&report), until.clone());
            async move { listener.run(&*report, &stop).await }
        });
    }

    /// Starts what answers polls, which nothing else is needed for.
    pub fn start_serving(&self, stop: &CancellationToken) {
        for _ in 0..serving::WORKERS {
            let (serving, until) = (Arc::clone(&self.serving), stop.clone());
            self.supervisor.keep(serving::TASK, stop, move || {
                let (serving, stop) = (Arc::clone(&serving), until.clone());
                async move { serving.run(&stop).await }
            });
        }
    }

    /// Leases events for one poll. An empty answer waits out `poll.wait`, unless the engine starts to drain or the service
    /// stops.
    pub async fn lease(&self, poll: Poll) -> Result<Polled> {
        if self.stopping.is_cancelled() {
            return Ok(Polled::nothing(Notice::ServerStopping));
        }
        let (wait, deadline) = (poll.wait, tokio::time::Instant::now() + poll.wait);
        let (mut pending, full) = self.waiting.admit(poll, deadline);
        let may_wait = !wait.is_zero() && full.is_none();
        tokio::select! {
            answer = pending.answer() => return match (answer, full) {
                (Ok(polled), Some(full)) if polled.events.is_empty() => Err(full),
                (answer, _) => answer,
            },
            () = self.stopping.cancelled() => {}
            () = sleep_until(deadline), if may_wait => return pending.give_up().await,
        }
        self.waiting.close();
        let polled = pending.give_up().await?;
        Ok(if polled.events.is_empty() { Polled::nothing(Notice::ServerStopping) } else { polled })
    }

    /// Events came into a queue, committed by this replica.
    pub fn landed(&self, engine_type: &str, events: &[Landed]) {
        self.positions.due.landed(engine_type, events.iter().map(Landed::located));
        let due_now = events.iter().filter(|event| event.is_due).count();
        if due_now > 0 {
            if !self.waiting.has_takers(engine_type) {
                self.notifications.add(engine_type);
            }
            self.waiting.landed(engine_type, due_now);
        }
        let later = events.iter().filter(|event| !event.is_due);
        let soonest = later.filter_map(|event| self.clock.until(event.available_at)).min();
        if let Some(soonest) = soonest.filter(|soonest| self.recheck.is_soon(*soonest)) {
            self.waiting.will_be_due(engine_type, tokio::time::Instant::now() + soonest);
        }
    }

    /// The engine was told to drain, or changed, or is gone.
    pub fn engine_changed(&self, engine_id: EngineId) {
        self.waiting.engine_changed(engine_id);
    }

    /// A lease of the engine ended: it may take more again.
    pub fn engine_freed(&self, engine_id: EngineId) {
        self.waiting.engine_freed(engine_id);
    }

    /// An event of the queue is not processed any more.
    pub fn place_freed(&self, engine_type: &str) {
        self.waiting.place_freed(engine_type);
    }

    /// The queue's settings changed, or it was resumed.
    pub fn queue_changed(&self, engine_type: &str) {
        self.waiting.queue_changed(engine_type);
    }

    /// Leases that were given for callers that had gone, as soon as there are any. They are to be given back.
    pub async fn next_undelivered(&self) -> Vec<(EventId, LeaseToken)> {
        self.waiting.undelivered.next().await
    }

    /// The same at once, possibly none.
    pub fn take_undelivered(&self) -> Vec<(EventId, LeaseToken)> {
        self.waiting.undelivered.take()
    }

    /// Nothing that the engine holds was leased before.
    pub fn oldest_lease_of(&self, engine_id: EngineId) -> DateTime<Utc> {
        self.positions.held.oldest(engine_id, Instant::now())
    }

    /// Where the reaper's scan for expired leases begins.
    pub fn expiring(&self) -> &ExpiringPosition {
        &self.positions.expiring
    }

    /// The connection that listens for notifications.
    pub fn listener(&self) -> ListenerState {
        self.listener.state()
    }

    /// Makes all exclusive engines older than they are, as if that time had passed: for tests.
    pub fn age_exclusive_engines(&self, by: Duration) {
        self.serving.claims.exclusive_engines.age(by);
    }
}

impl Landed {
    const fn located(&self) -> Located {
        let place = Place { available_at: self.available_at, event_id: self.event_id };
        Located { is_suspect: self.is_suspect, priority: self.priority, place }
    }
}
