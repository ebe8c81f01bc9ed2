//! Reading events and their attempts.

use super::{Broker, Error, Result};
use crate::domain::ids::EventId;
use crate::store;
use crate::store::attempts::Attempt;
use crate::store::events::{Event, Filter};

impl Broker {
    pub async fn read_event(&self, event_id: EventId, with_payload: bool) -> Result<Event> {
        let mut connection = self.connection().await?;
        store::events::read(&mut connection, event_id, with_payload).await?.ok_or(Error::EventNotFound(event_id))
    }

    /// A page of events, the newest first, behind the last one seen.
    pub async fn list_events(
        &self,
        filter: &Filter,
        behind: Option<EventId>,
        limit: u32,
        with_payload: bool,
    ) -> Result<Vec<Event>> {
        let mut connection = self.connection().await?;
        Ok(store::events::list(&mut connection, filter, behind, limit, with_payload).await?)
    }

    /// Ended attempts of an event, the newest first: up to `limit` of those before attempt `before`.
    pub async fn attempts_of_event(&self, event_id: EventId, before: Option<i32>, limit: u32) -> Result<Vec<Attempt>> {
        let mut connection = self.connection().await?;
        let attempts = store::attempts::list(&mut connection, event_id, before, limit).await?;
        if !attempts.is_empty() {
            return Ok(attempts);
        }
        // A dead letter may have outlived its history; it carries its attempts with it.
        if let Some((_, mut attempts)) = store::dead_letters::read(&mut connection, event_id).await? {
            attempts.retain(|attempt| before.is_none_or(|before| attempt.attempt < before));
            attempts.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            return Ok(attempts);
        }
        match store::events::read(&mut connection, event_id, false).await? {
            Some(_) => Ok(attempts),
            None => Err(Error::EventNotFound(event_id)),
        }
    }
}
