//! A redrive job as it is shown.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::dead_letters::Filter;
use crate::domain::json::RawJson;
use crate::domain::redrive_job::{Canary, RedriveJob, State, StateReason};
use crate::domain::retry_policy::RetryPolicyOverrides;
use crate::http::dead_letters::filter::FilterBody;
use crate::http::shown::shown;

shown! {
    /// A redrive job, and how far it is.
    #[schema(as = RedriveJob)]
    pub struct RedriveJobReply of job: RedriveJob {
        job_id: Uuid = job.job_id.0,
        /// `canary`: those that are tried first are redriven, or some of them are open. `redriving`: the others are. `watching`: all are
        /// redriven, and some are open. `paused`: until somebody continues it. `stopped`: too many died again. `cancelled`: by
        /// somebody. `finished`: all have ended.
        state: State,
        /// Why it is paused or stopped. `operator`: somebody paused it. `canary_undecided`: some of the canary were open for too long, or
        /// all of it was cancelled. `canary_failed`: too few of the canary completed. `failure_ratio`: too many died again.
        state_reason: Option<StateReason>,
        state_changed_at: DateTime<Utc>,
        /// Dead letters that died later are not meant.
        created_at: DateTime<Utc>,
        /// The name of the token; null without authentication.
        created_by: Option<String> = job.created_by.clone(),
        /// Those that it is for; an empty one lets all through.
        #[schema(value_type = FilterBody)]
        filter: Filter = Filter { engine_types: None, ..job.settings.filter.clone() },
        /// The queues that it is limited to, by the token that made it; null: those that the filter lets through.
        engine_types: Option<Vec<String>> = job.settings.filter.engine_types.clone(),
        canary: Option<CanaryReply> = job.settings.canary.map(CanaryReply::of),
        /// Null: as fast as the server can.
        events_per_second: Option<f64> = job.settings.events_per_second,
        /// Null: it is not stopped.
        stop_at_failure_ratio: Option<f64> = job.settings.stop_at_failure_ratio,
        /// Null: each event has its own.
        priority: Option<u8> = job.settings.overrides.priority,
        /// Null: each event has its own.
        visibility_timeout_seconds: Option<u32> = job.settings.overrides.visibility_timeout_seconds,
        /// Null: each event has its own.
        retry_policy: Option<RetryPolicyOverrides> = job.settings.overrides.retry_policy.clone(),
        /// Null: payloads stay as they are.
        #[schema(value_type = Option<PayloadPatchBody>)]
        payload_patch: Option<RawJson> = job.settings.payload_patch.clone(),
        /// Those that matched when the job was made. Of these, others may redrive or purge some before the job comes to them.
        matched: i64 = job.counts.matched,
        /// In their queues again, or out of them since: `open`, `completed`, `died_again`, `cancelled` or `unknown`.
        redriven: i64 = job.counts.redriven,
        /// Those that were passed over, counted by the code of why.
        skipped: SkippedReply = SkippedReply {
            run_cancelled: job.counts.skipped.run_cancelled,
            unique_key_held: job.counts.skipped.unique_key_held,
            payload_patch: job.counts.skipped.payload_patch,
        },
        /// Queued or with an engine, when they were last counted.
        open: i64 = job.counts.open,
        /// Ended with success.
        completed: i64 = job.counts.completed,
        /// Dead letters again.
        died_again: i64 = job.counts.died_again,
        /// Cancelled after they were redriven.
        cancelled: i64 = job.counts.cancelled,
        /// Ended, and how is not known any more: their history was removed before the job saw it.
        unknown: i64 = job.counts.unknown,
        last_redriven_at: Option<DateTime<Utc>>,
        /// From when the job was made until it last redrove some; null before it has for a second.
        redriven_per_second: Option<f64> = job.redriven_per_second(),
    }
}

shown! {
    /// The dead letters that are tried first.
    #[schema(as = RedriveJobCanary)]
    pub struct CanaryReply of canary: Canary {
        count: u32,
        continue_at_success_ratio: f64,
        wait_seconds: u32,
    }
}

/// Dead letters that a job passed over, by the code of why.
#[derive(Serialize, ToSchema)]
#[schema(as = SkippedByRedriveJob)]
pub struct SkippedReply {
    /// Their scenario runs are cancelled.
    run_cancelled: i64,
    /// An open event of their queue has their unique key.
    unique_key_held: i64,
    /// Their payloads are no objects, or would be too large or nested too deep with the patch.
    payload_patch: i64,
}

/// A merge patch (RFC 7396): its members replace those of a payload, objects are merged, and null removes a member.
#[derive(ToSchema)]
#[schema(as = PayloadPatch, value_type = Object)]
#[expect(dead_code, reason = "describes the body to OpenAPI")]
pub struct PayloadPatchBody(serde_json::Value);
