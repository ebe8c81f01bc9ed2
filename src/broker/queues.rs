//! Queues: read, set, pause, resume, peek; below, removed.

pub mod removal;
mod quarantines;

use std::collections::HashMap;

use serde_json::json;
use tracing::field::display;

use super::snapshots::by_type;
use super::state::Broker;
use crate::domain::access::Operation;
use crate::domain::audit::Actor;
use crate::domain::limits::MAX_EXACT_DEPTH;
use crate::domain::log_text::LogText;
use crate::domain::names::EngineType;
use crate::domain::page::Page;
use crate::domain::queue::{Depth, PeekPlace, PeekedEvent, QueueSettings};
use crate::domain::queue_activity::RecentDurations;
use crate::domain::queue_report::QueueReport;
use crate::error::{Error, Result};
use crate::store::pool::commit;
use crate::store::{self, PgConnection};

impl Broker {
    /// One queue as it is now; an error if it does not exist.
    pub async fn read_queue(&self, engine_type: &EngineType) -> Result<(QueueReport, RecentDurations)> {
        report_one(&mut *self.reading_connection().await?, engine_type, None).await
    }

    /// Reads a queue that was changed. The change is committed, so its reply does not wait behind other readers.
    async fn read_changed_queue(&self, engine_type: &EngineType) -> Result<(QueueReport, RecentDurations)> {
        report_one(&mut *self.connection().await?, engine_type, None).await
    }

    /// Queues behind `behind`, in the order of their names.
    /// `only` those named there, if it names any.
    pub async fn list_queues(
        &self,
        behind: Option<&str>,
        limit: u32,
        only: Option<&[String]>,
    ) -> Result<Vec<(QueueReport, RecentDurations)>> {
        let mut connection = self.reading_connection().await?;
        let queues = store::queues::list(&mut connection, None, behind, limit, only).await?;
        let names: Vec<String> = queues.iter().map(|queue| queue.engine_type.clone()).collect();
        let mut depths = self.depths_of_page(&mut connection, &names).await?;
        let mut engines = by_type(store::engines::summarize(&mut connection, &names).await?);
        let mut lately = store::queues::activity::of_last_minute(&mut connection, &names).await?;
        let reports = queues.into_iter().filter_map(|queue| {
            let name = queue.engine_type.as_str();
            // Else it was just removed.
            let depth = depths.remove(name)?;
            let (last_minute, durations) = lately.remove(name).unwrap_or_default();
            let engines = engines.remove(name).unwrap_or_default();
            Some((QueueReport { queue, depth, engines, last_minute }, durations))
        });
        Ok(reports.collect())
    }

    /// How deep many queues are. The waiting events and dead letters of long ones are not counted again if they were long when they were
    /// last measured: they are shown as they were then.
    async fn depths_of_page(&self, connection: &mut PgConnection, names: &[String]) -> Result<HashMap<String, Depth>> {
        let snapshot = self.snapshots.latest();
        let now = store::clock::now(connection).await?;
        let measured = names.iter().filter_map(|name| {
            let snapshot = snapshot.as_ref()?;
            Some((name.clone(), snapshot.depth_of(snapshot.long_queue(name)?, now)))
        });
        let mut depths: HashMap<String, Depth> = measured.collect();
        let others: Vec<String> = names.iter().filter(|name| !depths.contains_key(*name)).cloned().collect();
        if !depths.is_empty() {
            let in_flight = store::queues::depth::in_flight(connection).await?;
            for (name, depth) in &mut depths {
                depth.in_flight = in_flight.get(name).copied().unwrap_or(0);
            }
        }
        if !others.is_empty() {
            let mut counted = store::queues::depth::of_queues(connection, &others, MAX_EXACT_DEPTH + 1).await?;
            store::queues::depth::estimate_beyond_bound(connection, &mut counted).await?;
            depths.extend(counted.into_iter().map(|depth| (depth.engine_type.clone(), depth)));
        }
        Ok(depths)
    }

    /// Changes a queue's settings; makes it exist.
    pub async fn change_queue(
        &self,
        by: &Actor,
        engine_type: &EngineType,
        change: impl FnOnce(&mut QueueSettings) + Send,
    ) -> Result<(QueueReport, RecentDurations)> {
        let mut transaction = self.begin().await?;
        let made = self.check_room(&mut transaction, engine_type, by.into()).await?;
        store::queues::ensure(&mut transaction, engine_type.as_str()).await?;
        let queue = store::queues::read(&mut transaction, engine_type.as_str())
            .await?
            .ok_or_else(|| Error::QueueNotFound(engine_type.clone()))?;
        let mut settings = queue.settings.clone();
        change(&mut settings);
        store::queues::write_settings(&mut transaction, engine_type.as_str(), &settings).await?;
        let details = json!({"before": queue.settings, "after": settings});
        store::audit::record(&mut transaction, by, Operation::ChangeQueue, engine_type.as_str(), &details).await?;
        commit(transaction).await?;
        made.keep();
        self.metrics.queue(engine_type.as_str());
        tracing::info!(%engine_type, %details, "queue settings changed");
        self.dispatch.queue_changed(engine_type.as_str());
        self.read_changed_queue(engine_type).await
    }

    /// Stops leasing from the queue; makes it exist.
    pub async fn pause_queue(
        &self,
        by: &Actor,
        engine_type: &EngineType,
        reason: Option<&str>,
        resume_after_seconds: Option<u32>,
    ) -> Result<(QueueReport, RecentDurations)> {
        let mut transaction = self.begin().await?;
        let made = self.check_room(&mut transaction, engine_type, by.into()).await?;
        store::queues::ensure(&mut transaction, engine_type.as_str()).await?;
        store::queues::pause(&mut transaction, engine_type.as_str(), by.known_name(), reason, resume_after_seconds)
            .await?;
        let details = json!({"reason": reason, "resume_after_seconds": resume_after_seconds});
        store::audit::record(&mut transaction, by, Operation::PauseQueue, engine_type.as_str(), &details).await?;
        commit(transaction).await?;
        made.keep();
        self.metrics.queue(engine_type.as_str());
        let reason = reason.map(|reason| display(LogText(reason)));
        tracing::info!(%engine_type, reason, resume_after_seconds, "queue paused");
        self.read_changed_queue(engine_type).await
    }

    /// Lets events of the queue be leased again; no error if it was not paused.
    pub async fn resume_queue(&self, by: &Actor, engine_type: &EngineType) -> Result<(QueueReport, RecentDurations)> {
        let mut transaction = self.begin().await?;
        let is_known = store::queues::resume(&mut transaction, engine_type.as_str()).await?;
        if is_known {
            let action = Operation::ResumeQueue;
            store::audit::record(&mut transaction, by, action, engine_type.as_str(), &json!({})).await?;
        }
        commit(transaction).await?;
        if is_known {
            tracing::info!(%engine_type, "queue resumed");
        }
        self.dispatch.queue_changed(engine_type.as_str());
        self.read_changed_queue(engine_type).await
    }

    /// Looks at what would be leased next, without leasing it.
    pub async fn peek_queue(
        &self,
        engine_type: &EngineType,
        behind: Option<PeekPlace>,
        limit: u32,
        with_payload: bool,
    ) -> Result<Page<PeekedEvent>> {
        let mut connection = self.reading_connection().await?;
        store::queues::read(&mut connection, engine_type.as_str())
            .await?
            .ok_or_else(|| Error::QueueNotFound(engine_type.clone()))?;
        Ok(store::queues::peek(&mut connection, engine_type.as_str(), behind, limit, with_payload).await?)
    }
}

/// A queue as it is now. Its waiting events and dead letters are not counted where `counted` says how many they are.
pub(super) async fn report_one(
    connection: &mut PgConnection,
    engine_type: &EngineType,
    counted: Option<Depth>,
) -> Result<(QueueReport, RecentDurations)> {
    let is_gone = || Error::QueueNotFound(engine_type.clone());
    let queue = store::queues::read(connection, engine_type.as_str()).await?.ok_or_else(is_gone)?;
    let names = [queue.engine_type.clone()];
    let depth = if let Some(counted) = counted {
        let in_flight = store::queues::count_processing(connection, &queue.engine_type).await?.into();
        Depth { in_flight, is_paused: queue.pause.is_some(), ..counted }
    } else {
        let mut depths = store::queues::depth::of_queues(connection, &names, MAX_EXACT_DEPTH + 1).await?;
        store::queues::depth::estimate_beyond_bound(connection, &mut depths).await?;
        // Else it was just removed.
        depths.pop().ok_or_else(is_gone)?
    };
    let engines = store::engines::summarize(connection, &names).await?;
    let mut lately = store::queues::activity::of_last_minute(connection, &names).await?;
    let (last_minute, durations) = lately.remove(&queue.engine_type).unwrap_or_default();
    Ok((QueueReport { queue, depth, engines, last_minute }, durations))
}
