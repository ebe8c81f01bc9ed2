//! `PATCH /queues/{engine_type}`: a queue's settings.

use axum::Json;
use axum::extract::State;

use super::reply::QueueReply;
use crate::domain::limits::{MAX_CONCURRENT_EVENTS, MAX_LEASE_LIMIT, MAX_MAX_LEASE_SECONDS, MAX_TARGET_CLEAR_SECONDS};
use crate::domain::names::EngineType;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::members::visibility_timeout;
use crate::http::requests::retry_policy::RetryPolicyBody;
use crate::http::requests::values::integer;
use crate::http::requests::{Fields, Input, Patch, described};

described! {
    /// What to change of a queue's settings: what is left out stays, null is inherited (RFC 7396).
    #[schema(as = QueuePatch, example = json!({
        "visibility_timeout_seconds": 120, "max_processing": null, "retry_policy": {"retry_delay": {"max": 60}}
    }))]
    pub struct PatchBody of fields: Fields<'_> {
        /// Events a poll gets that names no limit.
        default_limit: Patch<u32> as Option<u32> = patch(integer(1..=MAX_LEASE_LIMIT)),
        visibility_timeout_seconds: Patch<u32> as Option<u32> = patch(visibility_timeout()),
        /// No renewal prolongs a lease beyond it.
        max_lease_seconds: Patch<u32> as Option<u32> = patch(integer(1..=MAX_MAX_LEASE_SECONDS)),
        /// Never more events of the queue are processed at a time.
        max_processing: Patch<u32> as Option<u32> = patch(integer(1..=MAX_CONCURRENT_EVENTS)),
        /// In how many seconds what is due is to be processed, for `wanted_slots`; 60 where the queue does not say it.
        target_clear_seconds: Patch<u32> as Option<u32> = patch(integer(1..=MAX_TARGET_CLEAR_SECONDS)),
        retry_policy: Patch<RetryPolicyBody> as Option<RetryPolicyBody> = part_patch(RetryPolicyBody::take),
    }
}

/// Changes a queue's settings. Leases that were given keep the terms they were given with.
#[utoipa::path(
    patch, path = "/queues/{engine_type}", operation_id = "change_queue", tag = "queues", request_body = PatchBody,
    params(("engine_type" = String, Path, description = "The queue")),
    responses(
        (status = 200, description = "The queue as it is now", body = QueueReply),
    )
)]
pub async fn patch(State(api): State<Api>, input: Input) -> Result<Json<QueueReply>, Problem> {
    let (engine_type, patch) = read_patch(&input)?;
    let (report, durations) = api
        .broker
        .change_queue(&input.actor(&api), &engine_type, |settings| {
            patch.default_limit.apply(&mut settings.default_limit);
            patch.visibility_timeout_seconds.apply(&mut settings.visibility_timeout_seconds);
            patch.max_lease_seconds.apply(&mut settings.max_lease_seconds);
            patch.max_processing.apply(&mut settings.max_processing);
            patch.target_clear_seconds.apply(&mut settings.target_clear_seconds);
            match patch.retry_policy {
                Patch::Keep => {}
                Patch::Clear => settings.retry_policy = None,
                Patch::Set(policy) => policy.apply(&mut settings.retry_policy),
            }
        })
        .await?;
    Ok(Json(QueueReply::of(report, &durations, api.limits)))
}

fn read_patch(input: &Input) -> Result<(EngineType, PatchBody), Problem> {
    let reader = input.reader();
    let engine_type = reader.path("engine_type", EngineType::parse);
    reader.caller();
    let patch = reader.body()?.map(|fields| fields.exactly(PatchBody::take));
    reader.finish(|| Some((engine_type?, patch?)))
}
