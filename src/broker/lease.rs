//! Leasing: look, and where nothing is due, wait to be woken and look again.

use std::sync::Arc;
use std::time::Duration;

use prometheus::IntGauge;
use tokio::time::{Instant, sleep_until, timeout_at};
use uuid::Uuid;

use super::hub::Place as ParkedPlace;
use super::{Broker, Error, Result};
use crate::domain::ids::{EngineId, EventId, LeaseToken};
use crate::domain::names::EngineType;
use crate::store;
use crate::store::lease::LeasedEvent;

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
    pub async fn lease(self: &Arc<Self>, poll: Poll) -> Result<Polled> {
        let deadline = Instant::now() + poll.wait;
        let place = self.hub.park(poll.engine_type.as_str(), poll.engine_id);
        let mut was_draining = None;
        loop {
            if self.stopping.is_cancelled() {
                return Ok(Polled::nothing(Notice::ServerStopping));
            }
            // A call that lasts is a sign of life for as long as it does.
            if let Some(engine_id) = poll.engine_id {
                self.signs_of_life.note(engine_id, true);
            }
            // Interest is registered first, so that nothing happens unnoticed after the look.
            let ready = place.ready.notified();
            let engine_changed = engine_changed(&place);
            tokio::pin!(ready, engine_changed);
            ready.as_mut().enable();
            if let Some(changed) = engine_changed.as_mut().as_pin_mut() {
                changed.enable();
            }

            let polled = self.look(&poll).await?;
            let is_draining = matches!(polled.notice, Some(Notice::EngineDraining { .. }));
            let starts_to_drain = is_draining && was_draining == Some(false);
            was_draining = Some(is_draining);
            if !polled.events.is_empty() {
                // There may be more than this poll could take.
                self.hub.wake_for_events(poll.engine_type.as_str(), 1);
                return Ok(polled);
            }
            if starts_to_drain || Instant::now() >= deadline {
                return Ok(polled);
            }

            let look_again = self.next_look(&poll, polled.notice).await?.min(deadline);
            // Who may take nothing leaves events, and a wake-up already received, to the others.
            let may_take =
                !matches!(polled.notice, Some(Notice::EngineDraining { .. } | Notice::EngineAtCapacity { .. }));
            if !may_take {
                ready.set(place.ready.notified());
            }
            let _parked = Parked::counted_by(&self.metrics.polls_parked);
            tokio::select! {
                () = &mut ready, if may_take => {}
                () = async {
                    match engine_changed.as_mut().as_pin_mut() {
                        Some(changed) => changed.await,
                        None => std::future::pending().await,
                    }
                } => {}
                () = self.stopping.cancelled() => {}
                () = sleep_until(look_again) => {}
            }
        }
    }

    /// When to look without having been woken: when the next event becomes due, and at the latest
    /// after the recheck interval, since what other replicas take in wakes nobody here.
    async fn next_look(&self, poll: &Poll, notice: Option<Notice>) -> Result<Instant> {
        let recheck = Instant::now() + self.settings.recheck.mul_f64(rand::random_range(0.75..=1.25));
        if notice.is_some() {
            return Ok(recheck);
        }
        let mut connection = self.connection().await?;
        let next = store::lease::seconds_until_next_due(&mut connection, poll.engine_type.as_str()).await?;
        Ok(next.map_or(recheck, |seconds| recheck.min(Instant::now() + Duration::from_secs_f64(seconds.max(0.0)))))
    }

    /// One look. It runs to its end also when the caller hangs up, so that no lease is given to
    /// nobody: what was leased for a caller that is gone goes back at once, and spends nothing.
    async fn look(self: &Arc<Self>, poll: &Poll) -> Result<Polled> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let broker = Arc::clone(self);
        let poll = poll.clone();
        tokio::spawn(async move {
            let mut polled = broker.lease_batch(poll.engine_type.as_str(), std::slice::from_ref(&poll)).await;
            let answer = match &mut polled {
                Ok(polled) => polled.pop().expect("one answer for one poll"),
                Err(_) => polled.map(|_| Polled::default()),
            };
            match sender.send(answer) {
                // Another request with the same poll_id has these leases, and works on them.
                Err(Ok(unwanted)) if !unwanted.is_repeat => broker.hand_back(&unwanted.events).await,
                Ok(()) | Err(_) => {}
            }
        });
        receiver.await.map_err(|_| Error::Crashed)?
    }

    /// Gives back what was leased for a caller that had hung up.
    async fn hand_back(&self, events: &[LeasedEvent]) {
        if events.is_empty() {
            return;
        }
        let leases: Vec<(EventId, LeaseToken)> =
            events.iter().map(|event| (event.event_id, event.lease_token)).collect();
        // Best effort: what cannot be given back is found when its lease runs out.
        let outcome = timeout_at(Instant::now() + Duration::from_secs(5), self.hand_back_leases(&leases)).await;
        match outcome {
            Ok(Ok(())) => tracing::debug!(events = events.len(), "a poll's caller was gone; its leases went back"),
            Ok(Err(error)) => tracing::warn!(events = events.len(), %error, "leases of a caller that was gone stay"),
            Err(_) => tracing::warn!(events = events.len(), "leases of a caller that was gone stay: no time"),
        }
    }
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

fn engine_changed<'a>(place: &'a ParkedPlace<'_>) -> Option<tokio::sync::futures::Notified<'a>> {
    place.engine_changed.as_ref().map(|bell| bell.notified())
}
