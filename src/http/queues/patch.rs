//! `PATCH /queues/{engine_type}`: a queue's settings.

use axum::Json;
use axum::extract::State;
use utoipa::ToSchema;

use super::reply::QueueReply;
use crate::domain::limits::{MAX_CONCURRENT_EVENTS, MAX_LEASE_LIMIT, MAX_MAX_LEASE_SECONDS};
use crate::domain::names::EngineType;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::members::visibility_timeout;
use crate::http::requests::retry_policy::{self, PolicyPatch, RetryPolicyBody};
use crate::http::requests::values::integer;
use crate::http::requests::{Input, Patch};

/// What to change of a queue's settings: what is left out stays, null is inherited (RFC 7396).
#[derive(ToSchema)]
#[schema(as = QueuePatch, example = json!({
    "visibility_timeout_seconds": 120, "max_processing": null, "retry_policy": {"retry_delay": {"max": 60}}
}))]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_patch` reads it")]
pub struct PatchBody {
    /// Events a poll gets that names no limit.
    default_limit: Option<u32>,
    visibility_timeout_seconds: Option<u32>,
    /// No renewal prolongs a lease beyond it.
    max_lease_seconds: Option<u32>,
    /// Never more events of the queue are processed at a time.
    max_processing: Option<u32>,
    retry_policy: Option<RetryPolicyBody>,
}

struct QueuePatch {
    default_limit: Patch<u32>,
    visibility_timeout_seconds: Patch<u32>,
    max_lease_seconds: Patch<u32>,
    max_processing: Patch<u32>,
    retry_policy: Patch<PolicyPatch>,
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
    let report = api
        .broker
        .change_queue(&input.actor(&api), &engine_type, |settings| {
            patch.default_limit.apply(&mut settings.default_limit);
            patch.visibility_timeout_seconds.apply(&mut settings.visibility_timeout_seconds);
            patch.max_lease_seconds.apply(&mut settings.max_lease_seconds);
            patch.max_processing.apply(&mut settings.max_processing);
            match patch.retry_policy {
                Patch::Keep => {}
                Patch::Clear => settings.retry_policy = None,
                Patch::Set(policy) => policy.apply(&mut settings.retry_policy),
            }
        })
        .await?;
    Ok(Json(QueueReply::of(report, api.limits)))
}

fn read_patch(input: &Input) -> Result<(EngineType, QueuePatch), Problem> {
    let reader = input.reader();
    let engine_type = reader.path("engine_type", EngineType::parse);
    reader.caller();
    let patch = reader.body()?.map(|fields| {
        let patch = QueuePatch {
            default_limit: fields.patch("default_limit", integer(1..=MAX_LEASE_LIMIT)),
            visibility_timeout_seconds: fields.patch("visibility_timeout_seconds", visibility_timeout()),
            max_lease_seconds: fields.patch("max_lease_seconds", integer(1..=MAX_MAX_LEASE_SECONDS)),
            max_processing: fields.patch("max_processing", integer(1..=MAX_CONCURRENT_EVENTS)),
            retry_policy: retry_policy::read_patch(&fields),
        };
        fields.finish();
        patch
    });
    reader.finish(|| Some((engine_type?, patch?)))
}
