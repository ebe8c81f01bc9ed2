//! Cancelling: a queued event at once, one in an engine's hands when its lease ends.

use serde_json::json;

use super::effects::Effects;
use super::reschedule::{Progress, Selection};
use super::state::Broker;
use crate::domain::access::Operation;
use crate::domain::audit::Actor;
use crate::domain::event::{CancelReason, Event, Status, TOO_OLD_ERROR};
use crate::domain::ids::EventId;
use crate::domain::limits::BULK_BATCH_EVENTS;
use crate::domain::verdict::{Ending, Verdict};
use crate::error::{Error, Result};
use crate::store::engines::announcement::{self, Concerns};
use crate::store::events::cancellation as cancel;
use crate::store::leases::open_events::{self, Locking, OpenEvent};
use crate::store::pool::commit;
use crate::store::settlement::{self, AttemptWords, EndedAttempt};
use crate::store::{self, PgConnection};

/// Cancelled in one transaction.
pub(super) const BATCH: u32 = 500;

/// What a cancellation came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Cancelled {
    /// Events that were queued, and have ended.
    pub cancelled: usize,
    /// In engines' hands: their engines hear of it, and the events end with their leases.
    pub requested: usize,
}

impl Broker {
    /// Cancels an event, or asks for it while an engine works on it. Again is as good as once.
    ///
    /// # Errors
    /// [`Error::EventIsFinal`] if it has ended otherwise; [`Error::EventNotFound`].
    pub async fn cancel(&self, by: &Actor, event_id: EventId) -> Result<Event> {
        loop {
            let mut transaction = self.begin().await?;
            let mut effects = Effects::default();
            let open = open_events::lock(&mut transaction, &[event_id], Locking::Wait).await?;
            cancel_locked(&mut transaction, &open, CancelReason::Requested, &mut effects).await?;
            let event =
                store::events::read(&mut transaction, event_id, false).await?.ok_or(Error::EventNotFound(event_id))?;
            if open.is_empty() && !event.status.is_final() {
                // It has just been redriven.
                continue;
            }
            if open.is_empty() && event.status != Status::Cancelled {
                return Err(Error::EventIsFinal { event_id, status: event.status });
            }
            let (action, subject) = (Operation::CancelEvent, event_id.to_string());
            let details = json!({"engine_type": event.engine_type, "status": event.status});
            store::audit::record(&mut transaction, by, action, &subject, &details).await?;
            commit(transaction).await?;
            self.apply(effects);
            return Ok(event);
        }
    }

    /// Cancels queued events, the oldest first, batch by batch. What is being leased meanwhile goes on.
    ///
    /// # Errors
    /// [`Error::CountChanged`]: nothing was cancelled.
    pub async fn cancel_events(&self, by: &Actor, selection: &Selection) -> Result<Progress> {
        let chosen = self.choose_queued(selection, None).await?;
        let mut progress = Progress { matched: chosen.matched, done: 0 };
        if selection.is_dry_run {
            return Ok(progress);
        }
        for batch in chosen.event_ids.chunks(BULK_BATCH_EVENTS) {
            if self.stopping.is_cancelled() {
                break;
            }
            let mut transaction = self.begin().await?;
            let open = open_events::lock(&mut transaction, batch, Locking::SkipLocked).await?;
            let queued: Vec<OpenEvent> = open.into_iter().filter(|event| !event.lease.is_processing).collect();
            let mut effects = Effects::default();
            let done = cancel_locked(&mut transaction, &queued, CancelReason::Requested, &mut effects).await?.cancelled;
            if done > 0 {
                let details = json!({"filter": selection.filter, "events": done});
                let subject = selection.filter.engine_type.as_deref().unwrap_or("events");
                store::audit::record(&mut transaction, by, Operation::CancelEvents, subject, &details).await?;
            }
            commit(transaction).await?;
            self.apply(effects);
            progress.done += i64::try_from(done).expect("a batch is small");
        }
        let Progress { matched, done } = progress;
        tracing::info!(matched, cancelled = done, "events cancelled");
        Ok(progress)
    }

    /// Cancels events that nobody leased in time.
    pub(super) async fn cancel_too_old(&self) -> Result<usize> {
        let mut transaction = self.begin().await?;
        let ids = cancel::events_too_old(&mut transaction, BATCH).await?;
        let too_old: Vec<OpenEvent> = open_events::lock(&mut transaction, &ids, Locking::Wait).await?;
        let too_old: Vec<OpenEvent> = too_old.into_iter().filter(|event| !event.lease.is_processing).collect();
        let mut effects = Effects::default();
        let done = cancel_locked(&mut transaction, &too_old, CancelReason::TooOld, &mut effects).await?;
        commit(transaction).await?;
        self.apply(effects);
        Ok(done.cancelled)
    }
}

/// Closes what is queued, and leaves word with what is processing.
pub(super) async fn cancel_locked(
    connection: &mut PgConnection,
    open: &[OpenEvent],
    reason: CancelReason,
    effects: &mut Effects,
) -> Result<Cancelled> {
    let error = match reason {
        CancelReason::TooOld => {
            Some(format!(r#"{{"type":"{TOO_OLD_ERROR}","message":"no engine leased it in time"}}"#))
        }
        CancelReason::Requested | CancelReason::ScenarioRun | CancelReason::WhileProcessing => None,
    };
    let (processing, queued): (Vec<&OpenEvent>, Vec<&OpenEvent>) =
        open.iter().partition(|event| event.lease.is_processing);
    let ended: Vec<EndedAttempt<'_>> = queued
        .iter()
        .map(|event| EndedAttempt {
            event_id: event.event_id,
            ending: Ending::Cancelled,
            verdict: Verdict::Cancel,
            words: AttemptWords { error: error.as_deref(), ..AttemptWords::default() },
            late_by_seconds: None,
            follow_ups: None,
        })
        .collect();
    settlement::apply(connection, &ended).await?;
    for event in &queued {
        effects.cancelled(event, reason);
    }
    let asked: Vec<EventId> = processing.iter().map(|event| event.event_id).collect();
    if !asked.is_empty() {
        cancel::request(connection, &asked).await?;
        let mut engine_types: Vec<&str> = processing.iter().map(|event| event.engine_type.as_str()).collect();
        engine_types.sort_unstable();
        engine_types.dedup();
        // With the commit: heartbeats that wait, on every replica, are answered.
        announcement::announce(connection, Concerns::Heartbeats, &engine_types).await?;
        effects.told(&engine_types);
    }
    Ok(Cancelled { cancelled: queued.len(), requested: processing.len() })
}
