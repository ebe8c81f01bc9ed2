//! Dead letters: list, read, redrive, discard; below, in bulk.

pub mod bulk;
/// Those that have none get theirs.
mod fingerprints;
/// What the audit trail says.
mod record;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::effects::Effects;
use super::state::Broker;
use crate::dispatch::Landed;
use crate::domain::access::Operation;
use crate::domain::attempt::Attempt;
use crate::domain::audit::Actor;
use crate::domain::dead_letters::{DeadLetter, Filter, Overrides};
use crate::domain::ids::EventId;
use crate::domain::json::SentJson;
use crate::domain::lane::Lane;
use crate::domain::names::ScenarioRunId;
use crate::domain::page::{Page, ShownParts};
use crate::error::{Error, Result};
use crate::store;
use crate::store::dead_letters::redrive::{AsNew, Redrive, Redriven};
use crate::store::pool::commit;
use record::Record;

impl Broker {
    /// A page of the dead letters after the time and id in `behind`, the newest first.
    pub async fn list_dead_letters(
        &self,
        filter: &Filter,
        behind: Option<(DateTime<Utc>, EventId)>,
        limit: u32,
        parts: ShownParts,
    ) -> Result<Page<DeadLetter>> {
        let mut connection = self.begin_reading().await?;
        Ok(store::dead_letters::list(&mut connection, filter, behind, limit, parts).await?)
    }

    /// One dead letter with its payload and a page of its attempts, the newest first.
    pub async fn read_dead_letter(&self, event_id: EventId) -> Result<(DeadLetter, Page<Attempt>)> {
        let mut connection = self.reading_connection().await?;
        match store::dead_letters::read(&mut connection, event_id).await? {
            Some(found) => Ok(found),
            None => Err(no_dead_letter(&mut connection, event_id).await?),
        }
    }

    /// Puts a dead letter back into its queue, with fresh budgets.
    ///
    /// # Errors
    /// [`Error::NotADeadLetter`] with the event's status; [`Error::RedrivenBefore`] with the event that was made of it;
    /// [`Error::UniqueKeyHeld`] with the open event that has its unique key.
    pub async fn redrive(
        &self,
        by: &Actor,
        event_id: EventId,
        delay_seconds: u32,
        overrides: &Overrides,
    ) -> Result<()> {
        let due = [(event_id, f64::from(delay_seconds))];
        let record = Record {
            by,
            action: Operation::RedriveDeadLetter,
            subject: &event_id.to_string(),
            details: &json!({"overrides": overrides}),
        };
        let batch = self.redrive_batch(record, &due, None, overrides).await?;
        if let Some(refusal) = refusal_of(&batch) {
            return Err(refusal);
        }
        if batch.redriven.is_empty() {
            return Err(no_dead_letter(&mut *self.connection().await?, event_id).await?);
        }
        Ok(())
    }

    /// Puts dead letters back in one transaction, each due after its seconds. The one way back, for one and for many.
    async fn redrive_batch(
        &self,
        record: Record<'_>,
        due: &[(EventId, f64)],
        chosen_at: Option<DateTime<Utc>>,
        overrides: &Overrides,
    ) -> Result<Redrive> {
        let mut transaction = self.begin().await?;
        let batch = store::dead_letters::redrive::redrive(&mut transaction, due, chosen_at, overrides).await?;
        if !batch.redriven.is_empty() {
            record.write(&mut transaction, batch.redriven.len() as u64).await?;
        }
        commit(transaction).await?;
        self.announce_redriven(&batch.redriven);
        Ok(batch)
    }

    /// Makes a new event of a dead letter, with another payload; answers its id.
    pub async fn redrive_as_new(
        &self,
        by: &Actor,
        event_id: EventId,
        payload: &SentJson,
        delay_seconds: u32,
        overrides: &Overrides,
    ) -> Result<EventId> {
        let mut transaction = self.begin().await?;
        let made = [AsNew { event_id, payload: payload.get(), delay_seconds: delay_seconds.into() }];
        let mut redrive =
            store::dead_letters::redrive::redrive_as_new(&mut transaction, &made, None, overrides).await?;
        if let Some(refusal) = refusal_of(&redrive) {
            return Err(refusal);
        }
        let Some(redriven) = redrive.redriven.pop() else {
            return Err(no_dead_letter(&mut transaction, event_id).await?);
        };
        let details = json!({"redriven_as": redriven.event_id, "overrides": overrides});
        let subject = event_id.to_string();
        store::audit::record(&mut transaction, by, Operation::RedriveDeadLetter, &subject, &details).await?;
        commit(transaction).await?;
        self.announce_redriven_as_new(std::slice::from_ref(&redriven));
        Ok(redriven.event_id)
    }

    /// The same of new events that were made of dead letters.
    pub(super) fn announce_redriven_as_new(&self, redriven: &[Redriven]) {
        self.announce_redriven(redriven);
        for Redriven { engine_type, .. } in redriven {
            self.metrics.events_enqueued.with_label_values(&[self.metrics.queue(engine_type)]).inc();
            self.activity.count(engine_type, |counts| counts.happened.enqueued += 1);
        }
    }

    /// Tells dispatch, after the commit, of dead letters that are in their queues again, and counts them.
    pub(super) fn announce_redriven(&self, redriven: &[Redriven]) {
        let mut effects = Effects::default();
        for event in redriven {
            let Redriven { event_id, priority, available_at, is_due, .. } = *event;
            effects.landed(&event.engine_type, Landed { event_id, priority, lane: Lane::Normal, available_at, is_due });
            self.metrics.dead_letters_redriven.with_label_values(&[self.metrics.queue(&event.engine_type)]).inc();
        }
        self.apply(effects);
    }

    /// Removes a dead letter for good. Its event stays `failed`.
    pub async fn discard_dead_letter(&self, by: &Actor, event_id: EventId) -> Result<()> {
        let mut transaction = self.begin().await?;
        if !store::dead_letters::discard(&mut transaction, event_id).await? {
            return Err(no_dead_letter(&mut transaction, event_id).await?);
        }
        let (action, subject) = (Operation::DiscardDeadLetter, event_id.to_string());
        store::audit::record(&mut transaction, by, action, &subject, &json!({})).await?;
        commit(transaction).await?;
        self.metrics.dead_letters_discarded.inc();
        Ok(())
    }
}

/// The refusal of a dead letter whose run is cancelled, or whose unique key is held.
fn refusal_of(redrive: &Redrive) -> Option<Error> {
    if let Some(&(event_id, held_by)) = redrive.held.first() {
        return Some(Error::UniqueKeyHeld { event_id, held_by });
    }
    let (_, run) = redrive.of_cancelled_runs.first()?;
    ScenarioRunId::parse(run).ok().map(Error::RunCancelled)
}

/// Why there is no such dead letter, or why it cannot be redriven.
async fn no_dead_letter(connection: &mut store::PgConnection, event_id: EventId) -> Result<Error> {
    let Some(event) = store::events::read(connection, event_id, false).await? else {
        return Ok(Error::EventNotFound(event_id));
    };
    Ok(match event.redriven_as {
        Some(redriven_as) => Error::RedrivenBefore { event_id, redriven_as },
        None => Error::NotADeadLetter { event_id, status: event.status },
    })
}
