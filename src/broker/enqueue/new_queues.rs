//! Which queues may be made: as far as there is room for them, and as their requesters' quotas allow.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::broker::quota::{Quota, Reservation};
use crate::broker::state::Broker;
use crate::domain::names::EngineType;
use crate::domain::new_event::NewEvent;
use crate::domain::requester::Requester;
use crate::error::{Error, Result};
use crate::store;
use crate::store::PgConnection;

/// Queues that a transaction makes, counted against the quotas. To be kept after its commit.
#[derive(Debug, Default)]
#[must_use]
pub struct Made(HashMap<String, Reservation>);

impl Made {
    /// Counts the new queues towards their requesters' quotas; to be called after the commit.
    pub fn keep(self) {
        self.0.into_values().for_each(Reservation::keep);
    }
}

/// Judges events one by one.
pub struct NewQueues<'a> {
    quota: &'a Arc<Quota>,
    max_queues: u32,
    missing: HashSet<String>,
    full: HashSet<String>,
    made: Made,
}

impl<'a> NewQueues<'a> {
    /// Those of `queues` that do not exist, and whether they can be made. Whoever finds one that does not exist holds a
    /// lock until the end of its transaction.
    pub async fn look(broker: &'a Broker, connection: &mut PgConnection, queues: &[&str]) -> Result<Self> {
        let max_queues = broker.settings.max_queues;
        let room = store::queues::room::room_for_queues(connection, queues, max_queues).await?;
        Ok(Self {
            quota: &broker.new_queues,
            max_queues,
            missing: room.missing.into_iter().collect(),
            full: room.full.into_iter().collect(),
            made: Made::default(),
        })
    }

    /// Whether the event's queue is there, or may be made. The first event of a new queue is the one that makes it.
    pub fn admit(&mut self, event: &NewEvent) -> Result<()> {
        self.admit_queue(&event.engine_type, event.requester)
    }

    fn admit_queue(&mut self, engine_type: &EngineType, requester: Requester) -> Result<()> {
        let queue = engine_type.as_str();
        if self.full.contains(queue) {
            return Err(Error::TooManyQueues { engine_type: engine_type.clone(), limit: self.max_queues });
        }
        if self.missing.contains(queue) && !self.made.0.contains_key(queue) {
            let reserved = self.quota.reserve(requester).map_err(|retry_after| Error::TooManyNewQueues {
                engine_type: engine_type.clone(),
                limit: self.quota.most,
                retry_after,
            })?;
            self.made.0.insert(queue.to_owned(), reserved);
        }
        Ok(())
    }

    /// Counts nothing yet: what was admitted is not made after all.
    pub fn start_anew(&mut self) {
        self.made = Made::default();
    }

    /// The queues that the admitted events make. They are counted only if they are kept.
    pub fn end(self) -> Made {
        self.made
    }
}

impl Broker {
    /// Makes sure that the queue exists or may be made, in a transaction that makes it.
    pub(in crate::broker) async fn check_room(
        &self,
        connection: &mut PgConnection,
        engine_type: &EngineType,
        requester: Requester,
    ) -> Result<Made> {
        let mut new_queues = NewQueues::look(self, connection, &[engine_type.as_str()]).await?;
        new_queues.admit_queue(engine_type, requester)?;
        Ok(new_queues.end())
    }
}
