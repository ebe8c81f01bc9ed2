//! Reading events and their attempts, and waiting for an event's end.

use std::time::Duration;

use tokio::time::timeout;

use super::state::{Broker, EVENT_READS};
use crate::domain::attempt::Attempt;
use crate::domain::event::{Event, Filter};
use crate::domain::ids::{EngineId, EventId};
use crate::domain::page::{Page, ShownParts};
use crate::error::{Error, Result};
use crate::store;

/// How long a read of one event waits behind others before it is refused.
const READ_PATIENCE: Duration = Duration::from_secs(10);

impl Broker {
    /// One event as it is now; refused if too many reads wait before it.
    pub async fn read_event(&self, event_id: EventId, with_payload: bool) -> Result<Event> {
        self.within_reads(async {
            let mut connection = self.connection().await?;
            store::events::read(&mut connection, event_id, with_payload).await?.ok_or(Error::EventNotFound(event_id))
        })
        .await
    }

    /// Carries a short read out, within its time; refused if too many wait before it.
    pub(super) async fn within_reads<T>(&self, read: impl Future<Output = Result<T>>) -> Result<T> {
        // Waiting behind other reads says nothing of the database: a time limit on it must not have sessions replaced.
        let Ok(_permit) = timeout(READ_PATIENCE, self.event_reads.acquire()).await else {
            self.metrics.requests_overloaded.with_label_values(&[EVENT_READS]).inc();
            return Err(Error::Overloaded);
        };
        self.in_time(read).await
    }

    /// Reads an event when it is final, or when `wait` is over or the service stops, as it stands then. While parked it
    /// asks the database nothing; an engine that calls is alive.
    pub async fn read_event_at_its_end(
        &self,
        event_id: EventId,
        with_payload: bool,
        wait: Duration,
        caller: Option<EngineId>,
    ) -> Result<Event> {
        let _alive = caller.map(|engine_id| self.liveness.waiting(engine_id, false));
        let read = || self.read_event(event_id, with_payload);
        self.read_at_its_end(&self.event_waits, event_id, wait, read, |event| event.status.is_final()).await
    }

    /// Wakes readers that wait for events which other replicas ended: one statement for all that are awaited here.
    pub async fn wake_for_ends_elsewhere(&self) -> Result<()> {
        let awaited = self.event_waits.awaited();
        if awaited.is_empty() {
            return Ok(());
        }
        let mut connection = self.connection().await?;
        let ended = store::events::not_open(&mut connection, &awaited).await?;
        for event_id in &ended {
            self.event_waits.wake(event_id);
        }
        Ok(())
    }

    /// How often that is to be done.
    pub fn recheck_interval(&self) -> Duration {
        self.settings.dispatch.recheck
    }

    /// A page of events, the newest first, behind the last one seen.
    pub async fn list_events(
        &self,
        filter: &Filter,
        behind: Option<EventId>,
        limit: u32,
        parts: ShownParts,
    ) -> Result<Page<Event>> {
        let mut connection = self.reading_connection().await?;
        Ok(store::events::list(&mut connection, filter, behind, limit, parts).await?)
    }

    /// A page of an event's ended attempts, the newest first: of those before attempt `before`.
    pub async fn attempts_of_event(
        &self,
        event_id: EventId,
        before: Option<i32>,
        limit: u32,
        is_brief: bool,
    ) -> Result<Page<Attempt>> {
        let mut connection = self.reading_connection().await?;
        let attempts = store::events::attempts::list(&mut connection, event_id, before, limit, is_brief).await?;
        if !attempts.items.is_empty() {
            return Ok(attempts);
        }
        // A dead letter may have outlived its history; it carries its attempts with it.
        let mut attempts = store::dead_letters::list_attempts(&mut connection, event_id, before, limit).await?;
        if is_brief {
            attempts.items.iter_mut().for_each(Attempt::abridge);
        }
        if attempts.items.is_empty() && store::events::read(&mut connection, event_id, false).await?.is_none() {
            return Err(Error::EventNotFound(event_id));
        }
        Ok(attempts)
    }
}
