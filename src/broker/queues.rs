//! Queues: read, set, pause, resume, peek; below, removed.

pub mod removal;
mod quarantines;

use serde_json::json;
use tracing::field::display;

use super::state::Broker;
use crate::domain::access::Operation;
use crate::domain::audit::Actor;
use crate::domain::engine::{Standing, TypeSummary};
use crate::domain::log_text::LogText;
use crate::domain::names::EngineType;
use crate::domain::page::Page;
use crate::domain::queue::{Depth, LastMinute, PeekPlace, PeekedEvent, Queue, QueueSettings};
use crate::error::{Error, Result};
use crate::store::pool::commit;
use crate::store::{self, PgConnection};

/// Counts are exact up to here; then readers are told that they are not.
const EXACT_UP_TO: i64 = 10_000;

/// All there is to say of a queue.
#[derive(Debug)]
pub struct QueueReport {
    /// The queue with its settings and its pause.
    pub queue: Queue,
    /// How many events it has, by state; counted up to `EXACT_UP_TO`.
    pub depth: Depth,
    /// Its engines, counted by standing.
    pub engines: Vec<TypeSummary>,
    /// What all replicas together counted in about a minute.
    pub last_minute: LastMinute,
}

impl QueueReport {
    /// A count that stopped at the bound is not exact.
    pub fn is_approximate(&self) -> bool {
        let Depth { due, delayed, in_flight, dead_letters, .. } = self.depth;
        [due, delayed, in_flight, dead_letters].iter().any(|count| *count > EXACT_UP_TO)
    }

    /// How many of its engines have that standing.
    pub fn engines_with(&self, standing: Standing) -> i64 {
        self.engines.iter().filter(|engines| engines.standing == standing).map(|engines| engines.engines).sum()
    }

    /// When nothing is due any more, at the present rates; `None` while the queue does not shrink, or is paused.
    pub fn clear_in_seconds(&self) -> Option<f64> {
        if self.depth.due == 0 {
            return Some(0.0);
        }
        if self.queue.pause.is_some() {
            return None;
        }
        let shrinks = self.last_minute.per_second(self.last_minute.completed - self.last_minute.enqueued);
        #[expect(clippy::cast_precision_loss, reason = "the count is bounded")]
        let due = self.depth.due as f64;
        (shrinks > 0.0).then(|| due / shrinks)
    }
}

impl Broker {
    /// One queue as it is now; an error if it does not exist.
    pub async fn read_queue(&self, engine_type: &EngineType) -> Result<QueueReport> {
        report_one(&mut *self.reading_connection().await?, engine_type).await
    }

    /// Reads a queue that was changed. The change is committed, so its reply does not wait behind other readers.
    async fn read_changed_queue(&self, engine_type: &EngineType) -> Result<QueueReport> {
        report_one(&mut *self.connection().await?, engine_type).await
    }

    /// Queues behind `behind`, in the order of their names.
    /// `only` those named there, if it names any.
    pub async fn list_queues(
        &self,
        behind: Option<&str>,
        limit: u32,
        only: Option<&[String]>,
    ) -> Result<Vec<QueueReport>> {
        let mut connection = self.reading_connection().await?;
        let queues = store::queues::list(&mut connection, None, behind, limit, only).await?;
        report(&mut connection, queues).await
    }

    /// Changes a queue's settings; makes it exist.
    pub async fn change_queue(
        &self,
        by: &Actor,
        engine_type: &EngineType,
        change: impl FnOnce(&mut QueueSettings) + Send,
    ) -> Result<QueueReport> {
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
    ) -> Result<QueueReport> {
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
    pub async fn resume_queue(&self, by: &Actor, engine_type: &EngineType) -> Result<QueueReport> {
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

async fn report_one(connection: &mut PgConnection, engine_type: &EngineType) -> Result<QueueReport> {
    let queue = store::queues::read(connection, engine_type.as_str())
        .await?
        .ok_or_else(|| Error::QueueNotFound(engine_type.clone()))?;
    Ok(report(connection, vec![queue]).await?.pop().expect("one report for one queue"))
}

async fn report(connection: &mut PgConnection, queues: Vec<Queue>) -> Result<Vec<QueueReport>> {
    let names: Vec<String> = queues.iter().map(|queue| queue.engine_type.clone()).collect();
    let mut depths = store::queues::depth::of_queues(connection, Some(&names), EXACT_UP_TO + 1).await?;
    let summaries = store::engines::summarize(connection, &names).await?;
    let mut reports = Vec::with_capacity(queues.len());
    for queue in queues {
        let Some(index) = depths.iter().position(|depth| depth.engine_type == queue.engine_type) else { continue };
        let depth = depths.swap_remove(index);
        let engines = summaries.iter().filter(|engines| engines.engine_type == queue.engine_type).cloned().collect();
        let last_minute = store::queues::activity::of_last_minute(connection, &queue.engine_type).await?;
        reports.push(QueueReport { queue, depth, engines, last_minute });
    }
    Ok(reports)
}
