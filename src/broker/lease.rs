//! Leasing: a poll is parked, and looked for as soon as there may be something for it.

use std::sync::Arc;
use std::time::Duration;

use prometheus::IntGauge;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument, Span};
use uuid::Uuid;

use super::claim::{Ask, Claimed};
use super::parking::Look;
use super::{Broker, Result};
use crate::domain::ids::{EngineId, EventId, LeaseToken};
use crate::domain::leased_event::LeasedEvent;
use crate::domain::names::EngineType;
use crate::domain::numbers::to_i64;
use crate::store;
use crate::supervisor::Work;

/// While one look commits, the next ones can scan.
const LOOKS_AT_ONCE: usize = 3;
/// Leases given back in one transaction.
const HANDED_BACK_AT_ONCE: usize = 500;
/// How long such a transaction may last, and how long after the first one another one begins.
const HAND_BACK_LIMIT: Duration = Duration::from_secs(5);

/// One poll, checked.
#[derive(Clone, Debug)]
pub struct Poll {
    pub engine_type: EngineType,
    /// `None`: an anonymous lease.
    pub engine_id: Option<EngineId>,
    /// `None`: the queue's default, else the server's.
    pub limit: Option<u32>,
    pub wait: Duration,
    pub visibility_timeout_seconds: Option<u32>,
    pub poll_id: Option<Uuid>,
}

impl Poll {
    /// What must be the same where a poll is repeated under its `poll_id`.
    pub(super) fn terms(&self) -> String {
        let number = |number: Option<u32>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        format!("{} {} {}", self.engine_type, number(self.limit), number(self.visibility_timeout_seconds))
    }
}

#[derive(Debug, Default)]
pub struct Polled {
    pub events: Vec<LeasedEvent>,
    /// Why there are none, where there is a cause beside an empty queue.
    pub notice: Option<Notice>,
    /// The leases were given to an earlier request with the same `poll_id`.
    pub is_repeat: bool,
}

impl Polled {
    pub(super) fn nothing(notice: Notice) -> Self {
        Self { notice: Some(notice), ..Self::default() }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notice {
    EngineDraining { held: u32 },
    EngineAtCapacity { held: u32, is_held_for_a_suspect: bool },
    QueuePaused,
    QueueAtMaxProcessing { processing: u32 },
    ServerStopping,
}

impl Broker {
    /// Leases events for one poll. An empty answer waits out `poll.wait`, unless the engine starts
    /// to drain or the service stops.
    pub async fn lease(&self, poll: Poll) -> Result<Polled> {
        if self.stopping.is_cancelled() {
            return Ok(Polled::nothing(Notice::ServerStopping));
        }
        let _alive = poll.engine_id.map(|engine_id| self.signs_of_life.waiting(engine_id, true));
        let (wait, deadline) = (poll.wait, Instant::now() + poll.wait);
        let (mut waiting, full) = self.parking.admit(poll, deadline);
        let may_wait = !wait.is_zero() && full.is_none();
        tokio::select! {
            answer = waiting.answer() => return match (answer, full) {
                (Ok(polled), Some(full)) if polled.events.is_empty() => Err(full),
                (answer, _) => answer,
            },
            () = self.stopping.cancelled() => {}
            () = sleep_until(deadline), if may_wait => return waiting.give_up().await,
        }
        self.parking.close();
        let polled = waiting.give_up().await?;
        Ok(if polled.events.is_empty() { Polled::nothing(Notice::ServerStopping) } else { polled })
    }

    /// Starts what answers parked polls.
    pub fn start_looks(self: &Arc<Self>, stop: &CancellationToken) {
        for _ in 0..LOOKS_AT_ONCE {
            let (broker, stop_looks) = (Arc::clone(self), stop.clone());
            self.supervisor.keep("looks", stop, move || Arc::clone(&broker).run_looks(stop_looks.clone()));
        }
    }

    /// Looks for parked polls, whenever there is something to look for, until told to stop. Each look runs to its end also
    /// when its callers hang up, so that no lease is given to nobody.
    async fn run_looks(self: Arc<Self>, stop: CancellationToken) {
        loop {
            let looks = self.parking.next_looks();
            if looks.is_empty() {
                tokio::select! {
                    biased;
                    () = self.parking.looks_wanted.notified() => continue,
                    () = stop.cancelled() => return,
                }
            }
            let numbers: Vec<u64> = looks.iter().map(|look| look.number).collect();
            let span = span_of(&looks);
            // Boxed, since it is large. A panic costs one look, and not the task.
            let look = Box::pin(self.look(looks).instrument(span));
            if self.supervisor.catch(Work::Look, look).await.is_err() {
                self.parking.abandon(&numbers);
            }
        }
    }

    async fn look(self: &Arc<Self>, mut looks: Vec<Look>) {
        // Queues are locked in the order of their names.
        looks.sort_by(|one, other| one.engine_type.cmp(&other.engine_type));
        let asks: Vec<Ask<'_>> = looks.iter().map(Look::ask).collect();
        let is_alone = asks.iter().map(|ask| ask.polls.len()).sum::<usize>() == 1;
        let claimed: Vec<Result<Claimed>> = match self.in_time(self.claim(&asks)).await {
            Ok(claimed) => claimed.into_iter().map(Ok).collect(),
            Err(error) if !is_alone && error.is_of_one_item() => {
                tracing::debug!(%error, queues = asks.len(), "a look failed; its polls are looked for singly");
                drop(asks);
                for single in looks.into_iter().flat_map(|look| self.parking.split(look)) {
                    let (broker, number) = (Arc::clone(self), single.number);
                    self.supervisor.start(Work::SingleLook, async move {
                        let look = Box::pin(broker.look_alone(single));
                        if broker.supervisor.catch(Work::Look, look).await.is_err() {
                            broker.parking.abandon(&[number]);
                        }
                    });
                }
                return;
            }
            Err(error) => asks.iter().map(|_| Err(error.clone())).collect(),
        };
        drop(asks);
        let mut unwanted = Vec::new();
        for (look, claimed) in looks.into_iter().zip(claimed) {
            unwanted.extend(self.parking.end(look, claimed));
        }
        for polled in unwanted {
            self.hand_back(&polled.events).await;
        }
    }

    /// A look for one poll, which may have to wait for somebody's lock.
    async fn look_alone(&self, look: Look) {
        let permit = self.alone.acquire().await;
        if look.is_unwanted() {
            self.parking.abandon(&[look.number]);
            return;
        }
        let claimed =
            self.in_time(self.claim(&[look.ask()])).await.map(|mut claimed| claimed.pop().unwrap_or_default());
        drop(permit);
        for polled in self.parking.end(look, claimed) {
            self.hand_back(&polled.events).await;
        }
    }

    /// Gives back what was leased for a caller that had hung up, or is to have it no more: it spends nothing.
    pub async fn hand_back(&self, events: &[LeasedEvent]) {
        let leases: Vec<(EventId, LeaseToken)> =
            events.iter().map(|event| (event.event_id, event.lease_token)).collect();
        self.hand_back_unheard(&leases).await;
    }

    /// The same for leases of several polls, in one time.
    pub(super) async fn hand_back_unheard(&self, leases: &[(EventId, LeaseToken)]) {
        let deadline = Instant::now() + HAND_BACK_LIMIT;
        for leases in leases.chunks(HANDED_BACK_AT_ONCE) {
            // Best effort: what cannot be given back is found when its lease runs out.
            let outcome = if Instant::now() < deadline {
                // A transaction that is given up may leave a connection on which it is still open.
                store::pool::within(HAND_BACK_LIMIT, self.hand_back_leases(leases)).await
            } else {
                None
            };
            match outcome {
                Some(Ok(())) => {
                    tracing::debug!(events = leases.len(), "a poll's caller was gone; its leases went back");
                    self.troubles.note_leases_given_back();
                }
                Some(Err(error)) => self.troubles.note_leases_kept(&error),
                None => self.troubles.note_leases_kept(&store::Error::stalled().into()),
            }
        }
    }
}

/// What traces tell of a look.
fn span_of(looks: &[Look]) -> Span {
    tracing::debug_span!(
        target: "eventlease::traces",
        parent: None,
        "look",
        queues = to_i64(looks.len()),
        polls = to_i64(looks.iter().map(|look| look.ask().polls.len()).sum()),
        events = Empty,
    )
}

/// Counts a call for as long as it is parked, also where its caller hangs up.
pub(super) struct Parked<'a>(&'a IntGauge);

impl<'a> Parked<'a> {
    pub(super) fn counted_by(gauge: &'a IntGauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Parked<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}
