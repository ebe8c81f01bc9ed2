//! Rescheduling: queued events become due at another time, or get another priority.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::effects::Effects;
use super::state::Broker;
use crate::dispatch::Landed;
use crate::domain::access::Operation;
use crate::domain::audit::Actor;
use crate::domain::limits::{BULK_BATCH_EVENTS, MAX_DELAY_SECONDS};
use crate::domain::rescheduling::{QueuedFilter, Reschedule};
use crate::error::{Error, Result};
use crate::store;
use crate::store::events::reschedule::{self, Chosen, Rescheduled};
use crate::store::pool::commit;

/// Which queued events are meant.
#[derive(Clone, Debug)]
pub struct Selection {
    /// An empty one lets all through.
    pub filter: QueuedFilter,
    /// How many of them, the oldest first.
    pub limit: u32,
    /// If the filter lets through another number of them, nothing is done.
    pub expected_count: Option<u32>,
    /// Only counts.
    pub is_dry_run: bool,
}

/// How far it came.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Progress {
    /// All that the filter let through when the call began, and that the change makes a difference to.
    pub matched: i64,
    /// Changed, or cancelled.
    pub done: i64,
}

impl Broker {
    /// Changes queued events, the oldest first, batch by batch. What is just being leased, or locked otherwise, is passed over.
    ///
    /// # Errors
    /// [`Error::CountChanged`], [`Error::AvailableTooFarAway`]: nothing was changed.
    pub async fn reschedule_events(&self, by: &Actor, selection: &Selection, change: &Reschedule) -> Result<Progress> {
        let chosen = self.choose_queued(selection, Some(change)).await?;
        check_reach(change, chosen.chosen_at)?;
        let mut progress = Progress { matched: chosen.matched, done: 0 };
        if selection.is_dry_run {
            return Ok(progress);
        }
        for batch in chosen.event_ids.chunks(BULK_BATCH_EVENTS) {
            if self.stopping.is_cancelled() {
                break;
            }
            let mut transaction = self.begin().await?;
            let rescheduled = reschedule::reschedule(&mut transaction, batch, change).await?;
            if !rescheduled.is_empty() {
                let details = json!({"filter": selection.filter, "change": change, "events": rescheduled.len()});
                let subject = selection.filter.engine_type.as_deref().unwrap_or("events");
                store::audit::record(&mut transaction, by, Operation::RescheduleEvents, subject, &details).await?;
            }
            commit(transaction).await?;
            let mut effects = Effects::default();
            landed(&rescheduled, &mut effects);
            self.apply(effects);
            progress.done += i64::try_from(rescheduled.len()).expect("a batch is small");
        }
        let Progress { matched, done } = progress;
        tracing::info!(matched, rescheduled = done, "events rescheduled");
        Ok(progress)
    }

    /// The oldest of the queued events that are meant, of which the change makes a difference to some; without one, all of them.
    /// None where they are only counted.
    pub(super) async fn choose_queued(&self, selection: &Selection, change: Option<&Reschedule>) -> Result<Chosen> {
        let mut connection = self.begin_reading().await?;
        let limit = if selection.is_dry_run { 0 } else { selection.limit };
        let chosen = reschedule::choose(&mut connection, &selection.filter, change, limit).await?;
        match selection.expected_count {
            Some(expected_count) if chosen.matched != i64::from(expected_count) => {
                Err(Error::CountChanged { what: "queued event", expected_count, actual_count: chosen.matched })
            }
            Some(_) | None => Ok(chosen),
        }
    }
}

/// Refuses a time that is too far away from now.
pub(super) fn check_reach(change: &Reschedule, now: DateTime<Utc>) -> Result<()> {
    let latest = now + TimeDelta::seconds(i64::from(MAX_DELAY_SECONDS));
    if change.available_at.is_some_and(|at| at > latest) { Err(Error::AvailableTooFarAway) } else { Ok(()) }
}

/// What became of queued events: polls that wait may have them now.
pub(super) fn landed(rescheduled: &[Rescheduled], effects: &mut Effects) {
    for event in rescheduled {
        let Rescheduled { event_id, priority, lane, available_at, is_due, .. } = *event;
        effects.landed(&event.engine_type, Landed { event_id, priority, lane, available_at, is_due });
    }
}
