//! `POST /queues/{engine_type}/pause` and `/resume`.

use axum::Json;
use axum::extract::State;

use super::reply::QueueReply;
use crate::domain::limits::{MAX_PAUSE_REASON_CHARS, MAX_PAUSE_SECONDS};
use crate::domain::names::EngineType;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::values::{checked_text, integer};
use crate::http::requests::{Fields, Input, described};

described! {
    /// Why the queue is paused, and for how long.
    #[derive(Default)]
    #[schema(as = PauseQueue, example = json!({"reason": "the model is being replaced", "resume_after_seconds": 3600}))]
    pub struct PauseBody of fields: Fields<'_> {
        reason: Option<String> = optional(checked_text(MAX_PAUSE_REASON_CHARS)),
        /// Then it goes on by itself.
        resume_after_seconds: Option<u32> = optional(integer(1..=MAX_PAUSE_SECONDS)),
    }
}

/// Pauses a queue: nothing is leased from it. What engines hold goes on, and events are taken in.
#[utoipa::path(
    post, path = "/queues/{engine_type}/pause", operation_id = "pause_queue", tag = "queues", request_body = Option<PauseBody>,
    params(("engine_type" = String, Path, description = "The queue")),
    responses(
        (status = 200, description = "Paused", body = QueueReply),
    )
)]
pub async fn pause(State(api): State<Api>, input: Input) -> Result<Json<QueueReply>, Problem> {
    let (engine_type, PauseBody { reason, resume_after_seconds }) = {
        let reader = input.reader();
        let engine_type = reader.path("engine_type", EngineType::parse);
        reader.caller();
        let body = reader.optional_body()?.map(|fields| fields.exactly(PauseBody::take)).unwrap_or_default();
        reader.finish(|| Some((engine_type?, body)))?
    };
    let (report, durations) =
        api.broker.pause_queue(&input.actor(&api), &engine_type, reason.as_deref(), resume_after_seconds).await?;
    Ok(Json(QueueReply::of(report, &durations, api.limits)))
}

/// Ends a pause.
#[utoipa::path(
    post, path = "/queues/{engine_type}/resume", operation_id = "resume_queue", tag = "queues",
    params(("engine_type" = String, Path, description = "The queue")),
    responses(
        (status = 200, description = "Going on", body = QueueReply),
        (status = 404, description = "It had no event, engine or setting yet"),
        (status = 422, description = "Not the name of a queue"),
    )
)]
pub async fn resume(State(api): State<Api>, input: Input) -> Result<Json<QueueReply>, Problem> {
    let engine_type = input.read_path("engine_type", EngineType::parse)?;
    let (report, durations) = api.broker.resume_queue(&input.actor(&api), &engine_type).await?;
    Ok(Json(QueueReply::of(report, &durations, api.limits)))
}
