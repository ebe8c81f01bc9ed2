//! Dead letters: list, read, redrive, discard.

use chrono::{DateTime, Utc};

use super::aftermath::Aftermath;
use super::{Broker, Error, Result, commit};
use crate::domain::ids::EventId;
use crate::store;
use crate::store::attempts::Attempt;
use crate::store::dead_letters::{DeadLetter, Filter, Overrides, Redriven};

impl Broker {
    pub async fn list_dead_letters(
        &self,
        filter: &Filter,
        behind: Option<(DateTime<Utc>, EventId)>,
        limit: u32,
        with_payload: bool,
    ) -> Result<Vec<DeadLetter>> {
        let mut connection = self.connection().await?;
        Ok(store::dead_letters::list(&mut connection, filter, behind, limit, with_payload).await?)
    }

    pub async fn read_dead_letter(&self, event_id: EventId) -> Result<(DeadLetter, Vec<Attempt>)> {
        let mut connection = self.connection().await?;
        match store::dead_letters::read(&mut connection, event_id).await? {
            Some(found) => Ok(found),
            None => Err(no_dead_letter(&mut connection, event_id).await?),
        }
    }

    /// Puts a dead letter back into its queue, with fresh budgets.
    pub async fn redrive(&self, event_id: EventId, overrides: &Overrides) -> Result<Redriven> {
        let mut transaction = self.begin().await?;
        let Some(redriven) = store::dead_letters::redrive(&mut transaction, event_id, overrides).await? else {
            return Err(no_dead_letter(&mut transaction, event_id).await?);
        };
        commit(transaction).await?;
        let mut aftermath = Aftermath::default();
        aftermath.landed(&redriven.engine_type, false, redriven.priority, event_id, redriven.available_at);
        self.announce(aftermath);
        self.metrics.dead_letters_redriven.with_label_values(&[&redriven.engine_type]).inc();
        Ok(redriven)
    }

    /// Removes a dead letter for good. Its event stays `failed`.
    pub async fn discard_dead_letter(&self, event_id: EventId) -> Result<()> {
        let mut connection = self.connection().await?;
        if !store::dead_letters::discard(&mut connection, event_id).await? {
            return Err(no_dead_letter(&mut connection, event_id).await?);
        }
        self.metrics.dead_letters_discarded.inc();
        Ok(())
    }
}

/// Why there is no such dead letter.
async fn no_dead_letter(connection: &mut store::PgConnection, event_id: EventId) -> Result<Error> {
    Ok(match store::events::read(connection, event_id, false).await? {
        Some(event) => Error::NotADeadLetter { event_id, status: event.status },
        None => Error::EventNotFound(event_id),
    })
}
