//! How the whole service stands, from memory alone.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use bytes::Bytes;

pub use super::rendered::Form;
use super::rendered::Rendered;
use super::snapshots::{DatabaseLook, Known};
use super::state::Broker;
use crate::domain::attention::{self, Item};
use crate::domain::snapshot::{QueueSnapshot, Snapshot};
use crate::error::Result;

/// How the service stands, as far as the caller may know.
#[derive(Debug)]
pub struct Overview {
    snapshot: Arc<Snapshot>,
    only: Option<Vec<String>>,
    /// What somebody should see to, the worst first.
    pub attention: Vec<Item>,
    /// What was found when the database was last examined; `None` where the caller may not know, or it was not examined yet.
    pub database: Option<Arc<DatabaseLook>>,
    /// Names this content: another content, or the same for a caller with another limit, has another name.
    pub revision: String,
    rendered: Arc<Rendered>,
}

impl Overview {
    /// The snapshot that it is made of.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// As its readers are sent it: made once for all readers of this content in this form.
    pub fn rendered(&self, form: Form, render: impl FnOnce(&Self) -> Vec<u8>) -> Bytes {
        self.rendered.get_or_render(self.only.as_deref(), form, || render(self))
    }

    /// The queues that the caller may know, by name.
    pub fn queues(&self) -> impl Iterator<Item = &QueueSnapshot> {
        self.snapshot.queues.iter().filter(|(name, _)| may_know(self.only.as_deref(), name)).map(|(_, queue)| queue)
    }
}

fn may_know(only: Option<&[String]>, engine_type: &str) -> bool {
    only.is_none_or(|only| only.iter().any(|known| known == engine_type))
}

/// Distinguishes what callers with different limits may know.
fn hash_of(only: Option<&[String]>) -> u64 {
    let mut hasher = DefaultHasher::new();
    only.hash(&mut hasher);
    hasher.finish()
}

impl Broker {
    /// How the service stood some seconds ago, of these engine types only where some are named; `None` before this replica has
    /// measured it. Asks the database nothing.
    pub fn overview(&self, only: Option<&[String]>) -> Option<Overview> {
        let Known { snapshot, attention, database, revision, rendered } = self.snapshots.known()?;
        let of_queue =
            |item: &&Item| item.subject.engine_type.as_deref().is_some_and(|engine_type| may_know(only, engine_type));
        let mut attention: Vec<Item> = attention.iter().filter(of_queue).cloned().collect();
        // It is about all queues.
        let database = database.filter(|_| only.is_none());
        attention.extend(database.iter().flat_map(|look| look.attention.iter().cloned()));
        attention::rank(&mut attention);
        let revision = format!("{}-{revision}-{:x}", self.replica_id.simple(), hash_of(only));
        Some(Overview { snapshot, only: only.map(<[String]>::to_vec), attention, database, revision, rendered })
    }

    /// The latest snapshot of all queues; `None` before this replica has measured them.
    pub fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.snapshots.latest()
    }

    /// Examines the database for overviews.
    pub async fn look_at_database(&self) -> Result<()> {
        let (_, replica, warnings) = self.examine_database().await?;
        self.snapshots.note_database(replica.clock.database_time, warnings);
        Ok(())
    }
}
