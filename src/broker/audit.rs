//! The audit trail: read, and forgotten when its time is over. Each use-case that changes something for an operator or
//! an admin records it in its own transaction.

use uuid::Uuid;

use super::state::Broker;
use crate::domain::audit::{Entry, Filter};
use crate::domain::event::EventScope;
use crate::domain::ids::{EngineId, EventId};
use crate::domain::page::Page;
use crate::error::Result;
use crate::store;

impl Broker {
    /// A page of the entries after `behind`, the newest first.
    pub async fn list_audit(&self, filter: &Filter, behind: Option<Uuid>, limit: u32) -> Result<Page<Entry>> {
        let mut connection = self.begin_reading().await?;
        Ok(store::audit::list(&mut connection, filter, behind, limit).await?)
    }

    /// Removes entries older than the retention of the audit trail, a bounded number at once; returns how many.
    pub async fn forget_old_audit(&self) -> Result<u64> {
        Ok(store::audit::forget_older_than(&self.pool, self.settings.audit_retention_days).await?)
    }

    /// Whose an event is; `None` where there is none.
    pub async fn scope_of_event(&self, event_id: EventId) -> Result<Option<EventScope>> {
        let mut connection = self.connection().await?;
        Ok(store::events::scope(&mut connection, event_id).await?)
    }

    /// A registered engine's type.
    pub async fn type_of_engine(&self, engine_id: EngineId) -> Result<Option<String>> {
        let mut connection = self.connection().await?;
        Ok(store::engines::type_of(&mut connection, engine_id).await?)
    }
}
