//! Retry policies per event type.

use serde_json::json;

use super::state::Broker;
use crate::domain::access::Operation;
use crate::domain::audit::Actor;
use crate::domain::names::EventType;
use crate::domain::retry_policy::{EventTypePolicy, RetryPolicyOverrides};
use crate::error::{Error, Result};
use crate::store;
use crate::store::event_types;
use crate::store::pool::commit;
use crate::store::queues::room;

impl Broker {
    /// Up to `limit` event types that have a retry policy of their own, by name, after `behind`.
    pub async fn list_event_types(&self, behind: Option<&str>, limit: u32) -> Result<Vec<EventTypePolicy>> {
        let mut connection = self.reading_connection().await?;
        Ok(event_types::list(&mut connection, None, behind, limit).await?)
    }

    /// The retry policy of one event type; an error if it has none of its own.
    pub async fn read_event_type_policy(&self, event_type: &EventType) -> Result<EventTypePolicy> {
        let mut connection = self.reading_connection().await?;
        event_types::list(&mut connection, Some(event_type.as_str()), None, 1)
            .await?
            .pop()
            .ok_or_else(|| Error::NoPolicyOfEventType(event_type.clone()))
    }

    /// Replaces the retry policy of an event type; refused if as many other types have one as may.
    pub async fn set_event_type_policy(
        &self,
        by: &Actor,
        event_type: &EventType,
        policy: &RetryPolicyOverrides,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        let limit = self.settings.max_event_types;
        if !room::has_room_for_event_type(&mut transaction, event_type.as_str(), limit).await? {
            return Err(Error::TooManyEventTypes { event_type: event_type.clone(), limit });
        }
        let before = event_types::set(&mut transaction, event_type.as_str(), policy).await?;
        let details = json!({"before": before, "after": policy});
        store::audit::record(&mut transaction, by, Operation::SetRetryPolicy, event_type.as_str(), &details).await?;
        commit(transaction).await?;
        tracing::info!(%event_type, %details, "retry policy changed");
        Ok(())
    }

    /// Removes the retry policy of an event type; an error if it has none of its own.
    pub async fn remove_event_type_policy(&self, by: &Actor, event_type: &EventType) -> Result<()> {
        let mut transaction = self.begin().await?;
        let before = event_types::remove(&mut transaction, event_type.as_str())
            .await?
            .ok_or_else(|| Error::NoPolicyOfEventType(event_type.clone()))?;
        let details = json!({"before": before});
        store::audit::record(&mut transaction, by, Operation::RemoveRetryPolicy, event_type.as_str(), &details).await?;
        commit(transaction).await?;
        tracing::info!(%event_type, %details, "retry policy removed");
        Ok(())
    }
}
