//! Reading events and their attempts.

use super::{Broker, Error, Result};
use crate::domain::ids::EventId;
use crate::store;
use crate::store::attempts::Attempt;
use crate::store::events::Event;

impl Broker {
    pub async fn read_event(&self, event_id: EventId, with_payload: bool) -> Result<Event> {
        let mut connection = self.connection().await?;
        store::events::read(&mut connection, event_id, with_payload).await?.ok_or(Error::EventNotFound(event_id))
    }

    /// All ended attempts of an event, the newest first.
    pub async fn attempts_of_event(&self, event_id: EventId) -> Result<Vec<Attempt>> {
        let mut connection = self.connection().await?;
        let attempts = store::attempts::list(&mut connection, event_id).await?;
        if attempts.is_empty() {
            // A dead letter may have outlived its history; it carries its attempts with it.
            if let Some((_, attempts)) = store::dead_letters::read(&mut connection, event_id).await? {
                return Ok(attempts);
            }
            store::events::read(&mut connection, event_id, false).await?.ok_or(Error::EventNotFound(event_id))?;
        }
        Ok(attempts)
    }
}
