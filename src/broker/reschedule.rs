//! Rescheduling: queued events become due at another time, or get another priority.

use chrono::TimeDelta;
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
use crate::store::events::reschedule;
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
    /// Changed.
    pub rescheduled: i64,
}

impl Broker {
    /// Changes queued events, the oldest first, batch by batch. What is just being leased, or locked otherwise, is passed over.
    ///
    /// # Errors
    /// [`Error::CountChanged`], [`Error::AvailableTooFarAway`]: nothing was changed.
    pub async fn reschedule_events(&self, by: &Actor, selection: &Selection, change: &Reschedule) -> Result<Progress> {
        let chosen = {
            let mut connection = self.begin_reading().await?;
            let limit = if selection.is_dry_run { 0 } else { selection.limit };
            reschedule::choose(&mut connection, &selection.filter, change, limit).await?
        };
        if let Some(expected_count) = selection.expected_count
            && chosen.matched != i64::from(expected_count)
        {
            return Err(Error::CountChanged { what: "queued events", expected_count, actual_count: chosen.matched });
        }
        let latest = chosen.chosen_at + TimeDelta::seconds(i64::from(MAX_DELAY_SECONDS));
        if change.available_at.is_some_and(|at| at > latest) {
            return Err(Error::AvailableTooFarAway);
        }
        let mut progress = Progress { matched: chosen.matched, rescheduled: 0 };
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
            for event in &rescheduled {
                let reschedule::Rescheduled { event_id, priority, lane, available_at, is_due, .. } = *event;
                effects.landed(&event.engine_type, Landed { event_id, priority, lane, available_at, is_due });
            }
            self.apply(effects);
            progress.rescheduled += i64::try_from(rescheduled.len()).expect("a batch is small");
        }
        let Progress { matched, rescheduled } = progress;
        tracing::info!(matched, rescheduled, "events rescheduled");
        Ok(progress)
    }
}
