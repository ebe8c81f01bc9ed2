//! Who waits for events, and who gets which.
//!
//! Verbs know a few methods of `Dispatch` and nothing behind it: they hand a poll in, and say after their commit what
//! changed. All that is kept here only makes things faster and may be lost.

mod serving; // the workers that serve waiting polls
mod claim; // the transaction that leases events
mod recheck; // the periodic check for what no signal announced
mod waiting; // the polls that wait
mod waiting_heartbeats; // the heartbeats that wait
mod listener; // notifications that come
mod notification_buffer; // notifications to be sent
mod scan_positions; // where scans begin
mod exclusive_engines; // engines that are kept free for a suspect
mod clock; // the database's clock
mod undelivered; // leases whose callers were gone
mod poll; // a poll and its answer
mod context; // what all of these share

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::domain::ids::{EngineId, EventId, LeaseToken};
use crate::domain::lane::Lane;
use crate::domain::orders::Orders;
use crate::error::{Error, Result};
use crate::store;
use crate::store::leases::due::DuePosition;
use claim::Claims;
use clock::DatabaseClock;
use exclusive_engines::ExclusiveEngines;
use listener::Listener;
use notification_buffer::NotificationBuffer;
use recheck::Recheck;
use scan_positions::{Located, ScanPositions};
use serving::Serving;
use waiting::WaitingPolls;
use waiting_heartbeats::WaitingHeartbeats;

pub use context::{Context, Settings};
pub use listener::{Heard, ListenerState};
pub use poll::{Poll, PollNotice, Polled};
pub use scan_positions::ExpiringPosition;
pub use waiting_heartbeats::Arrival;

/// Something that came into a queue: from a settle, a loss, a redrive, or a producer.
#[derive(Clone, Copy, Debug)]
pub struct Landed {
    /// The event, which is in its queue for the first time or again.
    pub event_id: EventId,
    /// 0 to 9; 9 is leased first.
    pub priority: u8,
    /// What an engine may hold beside it.
    pub lane: Lane,
    /// When it is due, by the database's clock.
    pub available_at: DateTime<Utc>,
    /// By the database's clock, when it came.
    pub is_due: bool,
}

/// Waiting polls, claims, and what makes them quick.
#[derive(Debug)]
pub struct Dispatch {
    context: Arc<Context>,
    waiting: Arc<WaitingPolls>,
    positions: Arc<ScanPositions>,
    clock: Arc<DatabaseClock>,
    serving: Arc<Serving>,
    recheck: Arc<Recheck>,
    heartbeats: Arc<WaitingHeartbeats>,
    notifications: Arc<NotificationBuffer>,
    listener: Arc<Listener>,
}

impl Dispatch {
    /// Starts no task; [`Self::start`] does.
    #[must_use]
    pub fn new(context: Context) -> Self {
        context.metrics.batch_fallbacks.with_label_values(&[serving::FALLBACK_KIND]);
        let (context, positions) = (Arc::new(context), Arc::<ScanPositions>::default());
        let (places, parked) = (Arc::clone(&context.places_to_wait), context.metrics.polls_parked.clone());
        let waiting = Arc::new(WaitingPolls::new(context.settings, places, parked));
        let clock = Arc::<DatabaseClock>::default();
        let exclusive_engines = ExclusiveEngines::default();
        let claims = Claims { context: Arc::clone(&context), positions: Arc::clone(&positions), exclusive_engines };
        let recheck = Recheck {
            context: Arc::clone(&context),
            waiting: Arc::clone(&waiting),
            positions: Arc::clone(&positions),
            clock: Arc::clone(&clock),
        };
        Self {
            serving: Arc::new(Serving { context: Arc::clone(&context), waiting: Arc::clone(&waiting), claims }),
            recheck: Arc::new(recheck),
            heartbeats: Arc::new(WaitingHeartbeats::new(Arc::clone(&context), Arc::clone(&positions))),
            notifications: Arc::new(NotificationBuffer::new(Arc::clone(&context))),
            listener: Arc::new(Listener::new(Arc::clone(&context))),
            context,
            waiting,
            positions,
            clock,
        }
    }

    /// Starts its tasks, which end after `stop`. What the listener hears is passed to `report`, which must
    /// call [`Self::heard`] for notices of events.
    pub fn start(&self, stop: &CancellationToken, report: impl Fn(Heard) + Send + Sync + 'static) {
        self.start_serving(stop);
        self.keep(recheck::TASK, &self.recheck, stop, |recheck, stop| async move { recheck.run(&stop).await });
        let run = |heartbeats: Arc<WaitingHeartbeats>, stop| async move { heartbeats.run(&stop).await };
        self.keep(waiting_heartbeats::TASK, &self.heartbeats, stop, run);
        let run = |buffer: Arc<NotificationBuffer>, stop| async move { buffer.run(&stop).await };
        self.keep(notification_buffer::TASK, &self.notifications, stop, run);
        let report = Arc::new(report);
        self.keep(listener::TASK, &self.listener, stop, move |listener, stop| {
            let report = Arc::clone(&report);
            async move { listener.run(&*report, &stop).await }
        });
    }

    /// Starts what answers polls, which nothing else is needed for.
    pub fn start_serving(&self, stop: &CancellationToken) {
        for _ in 0..serving::WORKERS {
            self.keep(serving::TASK, &self.serving, stop, |serving, stop| async move { serving.run(&stop).await });
        }
    }

    fn keep<T: Send + Sync + 'static, R: Future<Output = ()> + Send + 'static>(
        &self,
        name: &'static str,
        part: &Arc<T>,
        stop: &CancellationToken,
        run: impl Fn(Arc<T>, CancellationToken) -> R + Send + Sync + 'static,
    ) {
        let (part, until) = (Arc::clone(part), stop.clone());
        self.context.supervisor.keep(name, stop, move || run(Arc::clone(&part), until.clone()));
    }

    /// Leases events for one poll. An empty answer waits out `poll.wait`, unless the engine starts to drain or the service
    /// stops.
    pub async fn lease(&self, poll: Poll) -> Result<Polled> {
        if self.context.stopping.is_cancelled() {
            return Ok(Polled::nothing(PollNotice::ServerStopping));
        }
        let (wait, deadline) = (poll.wait, Instant::now() + poll.wait);
        let named = poll.engine_id.zip(poll.incarnation);
        let (mut pending, full) = self.waiting.admit(poll, deadline);
        let may_wait = !wait.is_zero() && full.is_none();
        tokio::select! {
            answer = pending.answer() => return match (answer, full) {
                (Ok(polled), Some(full)) if polled.events.is_empty() => Err(full),
                (answer, _) => answer,
            },
            () = self.context.stopping.cancelled() => {}
            () = sleep_until(deadline), if may_wait => return self.still_meant(pending.give_up().await?, named, wait).await,
        }
        self.waiting.close();
        let polled = pending.give_up().await?;
        Ok(if polled.events.is_empty() { Polled::nothing(PollNotice::ServerStopping) } else { polled })
    }

    /// The answer to a poll whose wait is over, unless its engine is by now another incarnation than the one it named. An answer
    /// with events is a claim's, which has checked.
    async fn still_meant(&self, polled: Polled, named: Option<(EngineId, i32)>, waited: Duration) -> Result<Polled> {
        if let Some((engine_id, incarnation)) = named.filter(|_| polled.events.is_empty()) {
            self.check_incarnation(engine_id, incarnation, waited).await?;
        }
        Ok(polled)
    }

    /// Refuses a call that has waited, where its engine is by now another incarnation than the one it named. What a
    /// recheck found lately, and during the wait, will do; else it is read.
    pub async fn check_incarnation(&self, engine_id: EngineId, named: i32, waited: Duration) -> Result<()> {
        if self.waiting.lately_known_incarnation(engine_id, waited) == Some(named) {
            return Ok(());
        }
        let read = async {
            let mut connection = self.context.connection().await?;
            Ok(store::engines::incarnation(&mut connection, engine_id).await?)
        };
        let (incarnation, registered_at) = self.context.in_time(read).await?.ok_or(Error::EngineNotFound(engine_id))?;
        Error::check_incarnation(engine_id, Some(named), incarnation, registered_at)
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
        let soonest = later.map(|event| self.clock.until(event.available_at)).min();
        if let Some(soonest) = soonest.filter(|soonest| self.recheck.is_soon(*soonest)) {
            self.waiting.will_be_due(engine_type, Instant::now() + soonest);
        }
    }

    /// A notification said that events came into a queue: by way of SQL, or by another replica.
    pub fn heard(&self, engine_type: &str, is_of_a_producer: bool) {
        // It may have been due long before its commit, behind what was leased since.
        if is_of_a_producer {
            self.positions.due.sweep_soon(engine_type);
        }
        // If there are more, the claim for one finds out.
        self.waiting.landed(engine_type, 1);
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

    /// A heartbeat has come, and is to be written. `incarnation`: as it names it.
    pub fn heartbeat_arrived(&self, engine_id: EngineId, incarnation: Option<i32>) -> Arrival {
        self.heartbeats.arrived(engine_id, incarnation)
    }

    /// A heartbeat has been written: an older one of its engine waits no longer. One that was refused ends nobody's wait.
    pub fn heartbeat_written(&self, engine_id: EngineId) {
        self.heartbeats.written(engine_id);
    }

    /// Waits until the engine of a written heartbeat has something to hear that it was not told before, beyond `orders`, which
    /// the heartbeat found. `None`: there is nothing, or it stands there. It waits for nothing while the service stops, or where as many requests wait
    /// as may.
    ///
    /// # Errors
    /// The engine is gone, or is registered as another incarnation than the heartbeat named.
    pub async fn wait_for_news(
        &self,
        arrival: Arrival,
        engine_type: &str,
        orders: Orders,
        wait: Duration,
    ) -> Result<Option<Orders>> {
        self.heartbeats.wait(arrival, engine_type, orders, wait).await
    }

    /// Engines of this type may have something to hear: another command, an event to cancel, another limit, another registration.
    pub fn orders_changed(&self, engine_type: &str) {
        self.heartbeats.orders_changed(engine_type);
    }

    /// Announcements of what engines have to hear may have been missed.
    pub fn all_orders_may_have_changed(&self) {
        self.heartbeats.all_may_have_changed();
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
        self.positions.held.oldest(engine_id, Instant::now().into_std())
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
        let position = DuePosition { available_at: self.available_at, event_id: self.event_id };
        Located { lane: self.lane, priority: self.priority, position }
    }
}
