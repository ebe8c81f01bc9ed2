//! Retry policies per event type.

use super::{Broker, Error, Result, commit};
use crate::domain::names::EventType;
use crate::domain::retry_policy::RetryPolicyOverrides;
use crate::store::event_types::{self, EventTypePolicy};
use crate::store::room;

impl Broker {
    pub async fn list_event_types(&self, behind: Option<&str>, limit: u32) -> Result<Vec<EventTypePolicy>> {
        let mut connection = self.connection().await?;
        Ok(event_types::list(&mut connection, None, behind, limit).await?)
    }

    pub async fn read_event_type_policy(&self, event_type: &EventType) -> Result<EventTypePolicy> {
        let mut connection = self.connection().await?;
        event_types::list(&mut connection, Some(event_type.as_str()), None, 1)
            .await?
            .pop()
            .ok_or_else(|| Error::NoPolicyOfEventType(event_type.clone()))
    }

    pub async fn set_event_type_policy(&self, event_type: &EventType, policy: &RetryPolicyOverrides) -> Result<()> {
        let mut transaction = self.begin().await?;
        let limit = self.settings.max_event_types;
        if !room::has_room_for_event_type(&mut transaction, event_type.as_str(), limit).await? {
            return Err(Error::TooManyEventTypes { event_type: event_type.clone(), limit });
        }
        let before = event_types::set(&mut transaction, event_type.as_str(), policy).await?;
        commit(transaction).await?;
        tracing::info!(%event_type, ?before, after = ?policy, "retry policy changed");
        Ok(())
    }

    pub async fn remove_event_type_policy(&self, event_type: &EventType) -> Result<()> {
        let mut connection = self.connection().await?;
        let before = event_types::remove(&mut connection, event_type.as_str())
            .await?
            .ok_or_else(|| Error::NoPolicyOfEventType(event_type.clone()))?;
        tracing::info!(%event_type, ?before, "retry policy removed");
        Ok(())
    }
}
