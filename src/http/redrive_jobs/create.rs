//! `POST /redrive-jobs`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::reply::{PayloadPatchBody, RedriveJobReply};
use crate::domain::dead_letters::{Filter, Overrides};
use crate::domain::json::RawJson;
use crate::domain::limits::{
    DEFAULT_CANARY_WAIT_SECONDS, DEFAULT_CONTINUE_AT_SUCCESS_RATIO, MAX_CANARY, MAX_CANARY_WAIT_SECONDS,
    MAX_EXPECTED_COUNT, MAX_PAYLOAD_PATCH_BYTES, MAX_REDRIVE_RATE, MIN_REDRIVE_RATE, MIN_STOP_RATIO,
};
use crate::domain::redrive_job::{Canary, Settings};
use crate::domain::retry_policy::RetryPolicyOverrides;
use crate::http::api::Api;
use crate::http::dead_letters::filter::{self, FilterBody};
use crate::http::errors::Problem;
use crate::http::examples;
use crate::http::limits::JsonLimit;
use crate::http::requests::members::{all, priority, visibility_timeout};
use crate::http::requests::retry_policy::RetryPolicyBody;
use crate::http::requests::values::{any_object, boolean, integer, number};
use crate::http::requests::{Fields, Input, described};

described! {
    /// Which dead letters to redrive, how fast, and what changes with it. Exactly one of `filter` and `all`.
    #[schema(as = CreateRedriveJob, example = json!({
        "filter": {"engine_type": "dialogue", "reason": "retries_exhausted"}, "canary": {"count": 10}, "events_per_second": 5,
        "stop_at_failure_ratio": 0.2, "dry_run": true
    }))]
    pub struct CreateRedriveJobBody of fields: Fields<'_> {
        filter: Option<Filter> as Option<FilterBody> = part(filter::of_body),
        /// Every dead letter that the token reaches.
        all: Option<bool> = optional(all),
        canary: Option<CanaryBody> = part(CanaryBody::take),
        /// No more become due in a second; as fast as the server can where it is left out.
        #[schema(minimum = 0.001, maximum = 10000)]
        events_per_second: Option<f64> = optional(number(MIN_REDRIVE_RATE..=MAX_REDRIVE_RATE)),
        /// The job stops where this part of those that ended, or more of them, died again; judged after 20 have ended.
        #[schema(minimum = 0.001, maximum = 1)]
        stop_at_failure_ratio: Option<f64> = optional(number(MIN_STOP_RATIO..=1.0)),
        priority: Option<u8> = optional(priority),
        visibility_timeout_seconds: Option<u32> = optional(visibility_timeout()),
        retry_policy: Option<RetryPolicyOverrides> as Option<RetryPolicyBody> = part(RetryPolicyBody::whole),
        /// A merge patch (RFC 7396) of their payloads, 16 KiB at most: what it does not touch stays byte for byte. It makes new events;
        /// the dead letters stay, marked `redriven_as`. Payloads that are no objects are skipped.
        payload_patch: Option<RawJson> as Option<PayloadPatchBody> = optional(any_object(patch_limit(fields))),
        /// If another number matches, no job is made.
        expected_count: Option<u32> = optional(integer(0..=MAX_EXPECTED_COUNT)),
        /// True: counts, and makes no job. False where it is left out.
        dry_run: Option<bool> = optional(boolean),
    }
}

fn patch_limit(fields: &Fields<'_>) -> JsonLimit {
    JsonLimit { max_bytes: MAX_PAYLOAD_PATCH_BYTES, ..fields.limits().payload() }
}

described! {
    /// The dead letters that are tried first: the oldest ones. The others follow when all of these have ended, enough of them with
    /// success.
    #[schema(as = Canary)]
    pub struct CanaryBody of fields: Fields<'_> {
        #[schema(minimum = 1, maximum = 1000)]
        count: Option<u32> as u32 = required(integer(1..=MAX_CANARY)),
        /// The part of those that completed or died again which has to complete; 0.9 where it is left out. With less the job stops.
        #[schema(minimum = 0, maximum = 1)]
        continue_at_success_ratio: Option<f64> = optional(number(0.0..=1.0)),
        /// Where some are open so long after they were due, the job pauses and is never continued by itself; 600 where it is left out.
        #[schema(minimum = 1, maximum = 604_800)]
        wait_seconds: Option<u32> = optional(integer(1..=MAX_CANARY_WAIT_SECONDS)),
    }
}

impl CanaryBody {
    fn canary(&self) -> Option<Canary> {
        Some(Canary {
            count: self.count?,
            continue_at_success_ratio: self.continue_at_success_ratio.unwrap_or(DEFAULT_CONTINUE_AT_SUCCESS_RATIO),
            wait_seconds: self.wait_seconds.unwrap_or(DEFAULT_CANARY_WAIT_SECONDS),
        })
    }
}

/// Makes a job that puts dead letters back into their queues, the oldest first: those that match, and that died before it was made.
/// The server carries it out in steps, on any replica and over restarts, and redrives none of them twice. A limited token's job is for its
/// engine types.
#[utoipa::path(
    post, path = "/redrive-jobs", operation_id = "create_redrive_job", tag = "redrive jobs", request_body = CreateRedriveJobBody,
    responses(
        (status = 200, description = "Counted; no job was made", body = CreatedReply),
        (status = 201, description = "The job is made", body = CreatedReply, example = json!(examples::created_redrive_job())),
        (status = 409, description = "Another number matches than expected; no job was made"),
        (status = 429, description = "There are as many jobs as there may be"),
    )
)]
pub async fn create(State(api): State<Api>, input: Input) -> Result<(StatusCode, Json<CreatedReply>), Problem> {
    let (mut settings, expected_count, is_dry_run) = read_job(&input)?;
    let Filter { engine_type, engine_types, .. } = &mut settings.filter;
    input.caller.narrow(&api, engine_type, engine_types)?;
    let by = input.actor(&api);
    let (matched, job) = api.broker.create_redrive_job(&by, &settings, expected_count, is_dry_run).await?;
    let status = if job.is_some() { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(CreatedReply { matched, job: job.map(RedriveJobReply::of) })))
}

fn read_job(input: &Input) -> Result<(Settings, Option<u32>, bool), Problem> {
    let reader = input.reader();
    reader.caller();
    let read = reader.body()?.and_then(|fields| {
        let body = fields.exactly(CreateRedriveJobBody::take);
        let filter = filter::of_bulk(&fields, body.filter, body.all)?;
        let settings = Settings {
            filter: Filter { is_redrivable: true, ..filter },
            overrides: Overrides {
                priority: body.priority,
                visibility_timeout_seconds: body.visibility_timeout_seconds,
                retry_policy: body.retry_policy,
            },
            payload_patch: body.payload_patch,
            canary: body.canary.as_ref().and_then(CanaryBody::canary),
            events_per_second: body.events_per_second,
            stop_at_failure_ratio: body.stop_at_failure_ratio,
        };
        Some((settings, body.expected_count, body.dry_run.unwrap_or(false)))
    });
    reader.finish(|| read)
}

/// What was counted, and the job.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedRedriveJob)]
pub struct CreatedReply {
    /// The dead letters that match.
    matched: i64,
    /// Null in a dry run.
    job: Option<RedriveJobReply>,
}
