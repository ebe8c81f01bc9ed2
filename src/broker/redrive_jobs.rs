//! Redrive jobs: made, read, paused, continued and cancelled; below, their steps.

mod step;

use serde_json::{Value, json};
use uuid::Uuid;

use super::dead_letters::bulk::Selection;
use super::state::Broker;
use crate::domain::access::Operation;
use crate::domain::audit::Actor;
use crate::domain::redrive_job::{Change, IsOver, RedriveJob, RedriveJobId, Settings};
use crate::error::{Error, Result};
use crate::store::pool::commit;
use crate::store::{self, redrive_jobs};

/// Dead letters of old jobs that are forgotten with one commit.
const FORGOTTEN_AT_ONCE: i64 = 5_000;
/// Such commits in one round.
const COMMITS_OF_ROUND: usize = 20;

impl Broker {
    /// Makes a job, which the replicas carry out from then on. Answers how many dead letters it is for, and no job where these were
    /// only to be counted.
    ///
    /// # Errors
    /// [`Error::CountChanged`]: another number than expected matches; no job was made.
    pub async fn create_redrive_job(
        &self,
        by: &Actor,
        settings: &Settings,
        expected_count: Option<u32>,
        is_dry_run: bool,
    ) -> Result<(i64, Option<RedriveJob>)> {
        let filter = settings.filter.clone();
        let (chosen, _) = self.choose(&Selection { filter, limit: 0, expected_count, is_dry_run }).await?;
        if is_dry_run {
            return Ok((chosen.matched, None));
        }
        let mut transaction = self.begin().await?;
        let (created_at, matched) = (chosen.chosen_at, chosen.matched);
        let job = redrive_jobs::create(&mut transaction, settings, created_at, by.known_name(), matched).await?;
        let job = job.ok_or(Error::TooManyRedriveJobs)?;
        let subject = job.job_id.to_string();
        let details = details(settings, matched);
        store::audit::record(&mut transaction, by, Operation::CreateRedriveJob, &subject, &details).await?;
        commit(transaction).await?;
        tracing::info!(job_id = %job.job_id, matched, "redrive job made");
        Ok((matched, Some(job)))
    }

    /// One job.
    pub async fn read_redrive_job(&self, job_id: RedriveJobId) -> Result<RedriveJob> {
        let mut connection = self.reading_connection().await?;
        redrive_jobs::read(&mut connection, job_id).await?.ok_or(Error::RedriveJobNotFound(job_id))
    }

    /// Jobs behind `behind`, the newest first: all, or those whose filter names a queue, or none but these.
    pub async fn list_redrive_jobs(
        &self,
        engine_type: Option<&str>,
        engine_types: Option<&[String]>,
        behind: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<RedriveJob>> {
        let mut connection = self.begin_reading().await?;
        Ok(redrive_jobs::list(&mut connection, engine_type, engine_types, behind, limit).await?)
    }

    /// Pauses, continues or cancels a job. Again is as good as once. No step of the job is under way when it returns.
    ///
    /// # Errors
    /// [`Error::RedriveJobOver`]: nothing is left that could be.
    pub async fn change_redrive_job(&self, by: &Actor, job_id: RedriveJobId, change: Change) -> Result<RedriveJob> {
        let mut transaction = self.begin().await?;
        let locked = redrive_jobs::lock(&mut transaction, job_id).await?;
        let (mut working, now) = locked.ok_or(Error::RedriveJobNotFound(job_id))?;
        let changed = working.change(change, now).map_err(|IsOver(state)| Error::RedriveJobOver { job_id, state })?;
        if changed {
            redrive_jobs::write(&mut transaction, &working).await?;
            let action = match change {
                Change::Pause => Operation::PauseRedriveJob,
                Change::Continue => Operation::ContinueRedriveJob,
                Change::Cancel => Operation::CancelRedriveJob,
            };
            let details = json!({"redriven": working.job.counts.redriven});
            store::audit::record(&mut transaction, by, action, &job_id.to_string(), &details).await?;
            commit(transaction).await?;
            tracing::info!(%job_id, state = working.job.state.as_str(), "redrive job changed");
        }
        Ok(working.job)
    }

    /// Forgets jobs that have redriven nothing for as long as ended events are kept; some of them in one round. Answers how many.
    pub async fn forget_old_redrive_jobs(&self) -> Result<u64> {
        let mut forgotten = 0;
        for _ in 0..COMMITS_OF_ROUND {
            let mut transaction = self.begin().await?;
            let Some(job_id) = redrive_jobs::lock_old(&mut transaction, self.settings.retention_days).await? else {
                break;
            };
            let is_forgotten = redrive_jobs::forget(&mut transaction, job_id, FORGOTTEN_AT_ONCE).await?;
            commit(transaction).await?;
            forgotten += u64::from(is_forgotten);
        }
        Ok(forgotten)
    }
}

/// What the audit trail says of a new job: all but its payload patch, which may hold what payloads do.
fn details(settings: &Settings, matched: i64) -> Value {
    let Settings { filter, overrides, payload_patch, canary, events_per_second, stop_at_failure_ratio } = settings;
    let canary = canary.map(|canary| {
        json!({
            "count": canary.count, "continue_at_success_ratio": canary.continue_at_success_ratio,
            "wait_seconds": canary.wait_seconds,
        })
    });
    json!({
        "filter": filter, "overrides": overrides, "has_payload_patch": payload_patch.is_some(), "canary": canary,
        "events_per_second": events_per_second, "stop_at_failure_ratio": stop_at_failure_ratio, "matched": matched,
    })
}
