//! What the audit trail says of redriven and purged dead letters.

use serde_json::{Value, json};

use crate::domain::access::Operation;
use crate::domain::audit::Actor;
use crate::error::Result;
use crate::store;

/// What the audit trail is to say of a batch.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// Who did it.
    pub by: &'a Actor,
    /// What was done.
    pub action: Operation,
    /// What it was done to: an event's id, or a queue's name.
    pub subject: &'a str,
    /// What else there is to know, as a JSON object.
    pub details: &'a Value,
}

impl Record<'_> {
    /// Writes the entry into this transaction, with the number of dead letters that were changed.
    pub async fn write(self, connection: &mut store::PgConnection, done: u64) -> Result<()> {
        let mut details = self.details.clone();
        details["dead_letters"] = json!(done);
        Ok(store::audit::record(connection, self.by, self.action, self.subject, &details).await?)
    }
}
