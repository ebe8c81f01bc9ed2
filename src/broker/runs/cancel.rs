//! Cancelling a run, for good: it is marked first, so that nothing is added to it any more, and then all that is open of it is
//! cancelled, in steps. What a call leaves undone, since it was cut off, a task does.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use crate::broker::cancel::{BATCH, Cancelled, cancel_locked};
use crate::broker::effects::Effects;
use crate::broker::state::Broker;
use crate::domain::access::Operation;
use crate::domain::audit::Actor;
use crate::domain::event::CancelReason;
use crate::domain::log_text::LogText;
use crate::domain::names::ScenarioRunId;
use crate::domain::run::RunScope;
use crate::error::{Error, Result};
use crate::store::leases::open_events::{self, Locking};
use crate::store::pool::commit;
use crate::store::{self, Transaction, runs};

/// A transaction of somebody's own that enqueues into a run may take its time. Those who wait for the run's lock stand in line
/// behind the cancel, so it waits for a short time only, and tries again after a pause.
const TRIES_TO_LOCK: u32 = 20;
const PAUSE_BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// A cancel that is older than that is no longer carried out by the call that began it, or takes long.
const LEFT_UNDONE_AFTER_SECONDS: u32 = 10;
/// Cancels that a round of the task carries on with.
const CANCELS_A_ROUND: u32 = 10;

impl Broker {
    /// Cancels a run, or the part of it that is meant: it takes no more events, and all that is open of it is cancelled. Again
    /// is as good as once.
    ///
    /// # Errors
    /// [`Error::ShuttingDown`]: the run is cancelled, and another replica cancels the rest of its events.
    pub async fn cancel_run(&self, by: &Actor, scope: &RunScope) -> Result<Cancelled> {
        let mut transaction = self.lock_run_alone(scope).await?;
        if runs::mark_cancelled(&mut transaction, scope, by.known_name()).await? {
            let details = json!({"engine_types": scope.engine_types});
            let (action, subject) = (Operation::CancelScenarioRun, scope.run.as_str());
            store::audit::record(&mut transaction, by, action, subject, &details).await?;
        }
        commit(transaction).await?;
        let done = self.cancel_open_events(by, scope).await?;
        let (run, cancelled, cancel_requested) = (LogText(scope.run.as_str()), done.cancelled, done.requested);
        tracing::info!(%run, cancelled, cancel_requested, "scenario run cancelled");
        Ok(done)
    }

    /// Lets a cancelled run take events again. What was cancelled stays so. Answers whether it was cancelled.
    pub async fn reopen_run(&self, by: &Actor, scope: &RunScope) -> Result<bool> {
        let mut transaction = self.lock_run_alone(scope).await?;
        let was_cancelled = runs::remove_marks(&mut transaction, scope).await?;
        if was_cancelled {
            let details = json!({"engine_types": scope.engine_types});
            let (action, subject) = (Operation::ReopenScenarioRun, scope.run.as_str());
            store::audit::record(&mut transaction, by, action, subject, &details).await?;
        }
        commit(transaction).await?;
        if was_cancelled {
            tracing::info!(run = %LogText(scope.run.as_str()), "scenario run reopened");
        }
        Ok(was_cancelled)
    }

    /// Carries on with cancels that were cut off. Answers how many events were cancelled, or asked to be.
    pub async fn carry_on_with_cancels(&self) -> Result<usize> {
        let undone = {
            let mut connection = self.connection().await?;
            runs::to_carry_out(&mut connection, LEFT_UNDONE_AFTER_SECONDS, CANCELS_A_ROUND).await?
        };
        let (mut done, mut failure) = (0, None);
        for (run, engine_type) in undone {
            // A name that is stored was checked.
            let Ok(run) = ScenarioRunId::parse(&run) else { continue };
            let engine_types = (!engine_type.is_empty()).then(|| vec![engine_type]);
            let scope = RunScope { run, engine_types };
            match self.cancel_open_events(&Actor::named(Actor::SERVER), &scope).await {
                Ok(Cancelled { cancelled, requested }) => done += cancelled + requested,
                // Another replica carries on, or this one once it is back.
                Err(Error::ShuttingDown) => break,
                // The others need not wait for this one.
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(done), Err)
    }

    /// Begins a transaction that has the run's lock alone.
    async fn lock_run_alone(&self, scope: &RunScope) -> Result<Transaction> {
        for _ in 1..TRIES_TO_LOCK {
            let mut transaction = self.begin_impatient().await?;
            match runs::lock_alone(&mut transaction, scope.run.as_str()).await {
                Ok(()) => return Ok(transaction),
                Err(store::Error::Locked(_)) => drop(transaction),
                Err(error) => return Err(error.into()),
            }
            sleep(PAUSE_BETWEEN_TRIES).await;
        }
        let mut transaction = self.begin_impatient().await?;
        runs::lock_alone(&mut transaction, scope.run.as_str()).await?;
        Ok(transaction)
    }

    /// Cancels what is open of a run that is marked, for as long as it is.
    async fn cancel_open_events(&self, by: &Actor, scope: &RunScope) -> Result<Cancelled> {
        let mut all = Cancelled::default();
        loop {
            if self.stopping.is_cancelled() {
                return Err(Error::ShuttingDown);
            }
            let mut transaction = self.begin().await?;
            // It may be reopened meanwhile: what is enqueued then is not meant.
            let marks = runs::lock(&mut transaction, [scope.run.as_str()]).await?;
            let is_marked = match &scope.engine_types {
                None => marks.has(scope.run.as_str(), ""),
                Some(engine_types) => engine_types.iter().all(|name| marks.has(scope.run.as_str(), name)),
            };
            if !is_marked {
                return Ok(all);
            }
            let ids = runs::open_events(&mut transaction, scope, BATCH).await?;
            if ids.is_empty() {
                runs::note_carried_out(&mut transaction, scope).await?;
                commit(transaction).await?;
                return Ok(all);
            }
            let open = open_events::lock(&mut transaction, &ids, Locking::Wait).await?;
            let mut effects = Effects::default();
            let done = cancel_locked(&mut transaction, &open, CancelReason::ScenarioRun, &mut effects).await?;
            if !open.is_empty() {
                let details = json!({"cancelled": done.cancelled, "cancel_requested": done.requested});
                let (action, subject) = (Operation::CancelScenarioRun, scope.run.as_str());
                store::audit::record(&mut transaction, by, action, subject, &details).await?;
            }
            commit(transaction).await?;
            self.apply(effects);
            all.cancelled += done.cancelled;
            all.requested += done.requested;
        }
    }
}
