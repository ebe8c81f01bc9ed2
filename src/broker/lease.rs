//! Leasing, and handing back what was leased for nobody.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::effects::{Effects, end_in_silence};
use super::state::Broker;
pub use crate::dispatch::{Poll, PollNotice, Polled};
use crate::domain::ids::{EventId, LeaseToken};
use crate::domain::leased_event::LeasedEvent;
use crate::domain::verdict::Ending;
use crate::error::Result;
use crate::store;
use crate::store::leases::open_events::{self, OpenEvent};
use crate::store::pool::commit;

/// Leases given back in one transaction.
const HANDED_BACK_AT_ONCE: usize = 500;
/// The longest that one such transaction may last. This long after the first one began, no further one is begun.
const HAND_BACK_LIMIT: Duration = Duration::from_secs(5);

impl Broker {
    /// Leases events for one poll. An empty answer waits out `poll.wait`, unless the engine starts to drain or the service
    /// stops. The engine is alive while it waits.
    ///
    /// # Errors
    /// `Error::EngineNotFound`, `Error::EngineTypeMismatch`: the engine has to register. `Error::TooManyWaiting`,
    /// `Error::TooManyPollsOfEngine`: there is nothing to lease, and this poll may not wait.
    pub async fn lease(&self, poll: Poll) -> Result<Polled> {
        let _alive = poll.engine_id.map(|engine_id| self.liveness.waiting(engine_id, true));
        let engine_type = poll.engine_type.clone();
        let polled = self.dispatch.lease(poll).await?;
        if !polled.is_repeat && !polled.events.is_empty() {
            self.activity.count(engine_type.as_str(), |counts| {
                for event in &polled.events {
                    counts.waits.note((event.leased_at - event.available_at).as_seconds_f64().max(0.0));
                }
            });
        }
        Ok(polled)
    }

    /// Hands back what was leased for a caller that is to have it no more: it spends nothing.
    pub async fn hand_back(&self, events: &[LeasedEvent]) {
        let leases: Vec<_> = events.iter().map(|event| (event.event_id, event.lease_token)).collect();
        self.hand_back_all(&leases).await;
    }

    /// Hands back what was leased for callers that had gone, until told to stop.
    pub async fn hand_back_undelivered(&self, stop: &CancellationToken) {
        loop {
            tokio::select! {
                leases = self.dispatch.next_undelivered() => self.hand_back_all(&leases).await,
                () = stop.cancelled() => return,
            }
        }
    }

    /// The same for what is left when nothing is leased any more.
    pub async fn hand_back_rest(&self) {
        self.hand_back_all(&self.dispatch.take_undelivered()).await;
    }

    async fn hand_back_all(&self, leases: &[(EventId, LeaseToken)]) {
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

    /// Gives leases back that nobody has heard of, uncounted. Meanwhile a repeat of their poll may have been given them:
    /// its caller works on them.
    async fn hand_back_leases(&self, leases: &[(EventId, LeaseToken)]) -> Result<()> {
        let mut transaction = self.begin().await?;
        let ids: Vec<EventId> = leases.iter().map(|(event_id, _)| *event_id).collect();
        let tokens: HashMap<EventId, LeaseToken> = leases.iter().copied().collect();
        let open = open_events::lock_unrepeated(&mut transaction, &ids).await?;
        let is_theirs = |event: &OpenEvent| {
            event.lease.is_processing && event.lease.lease_token == tokens.get(&event.event_id).copied()
        };
        let unheard: Vec<(OpenEvent, Ending)> =
            open.into_iter().filter(is_theirs).map(|event| (event, Ending::Undelivered)).collect();
        let mut effects = Effects::default();
        end_in_silence(&mut transaction, &unheard, self.settings.suspect_isolation, &mut effects).await?;
        commit(transaction).await?;
        self.apply(effects);
        Ok(())
    }
}
