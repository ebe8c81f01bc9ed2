//! `POST /queues/{engine_type}/pause` and `/resume`.

use axum::Json;
use axum::extract::State;
use utoipa::ToSchema;

use super::reply::QueueReply;
use crate::domain::limits::{MAX_PAUSE_REASON_CHARS, MAX_PAUSE_SECONDS};
use crate::domain::names::{EngineType, check_text};
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::Input;
use crate::http::requests::values::{integer, parsed};

#[derive(ToSchema)]
#[schema(as = PauseQueue, example = json!({"reason": "the model is being replaced", "resume_after_seconds": 3600}))]
#[expect(dead_code, reason = "describes the body to OpenAPI; `pause` reads it")]
pub struct PauseBody {
    reason: Option<String>,
    /// Then it goes on by itself.
    resume_after_seconds: Option<u32>,
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
    let (engine_type, reason, resume_after_seconds) = {
        let reader = input.reader();
        let engine_type = reader.path("engine_type", EngineType::parse);
        reader.caller();
        let (mut reason, mut resume_after_seconds) = (None, None);
        if let Some(fields) = reader.optional_body()? {
            let checked = parsed(|text| check_text(text, MAX_PAUSE_REASON_CHARS).map(|()| text.to_owned()));
            reason = fields.optional("reason", checked);
            resume_after_seconds = fields.optional("resume_after_seconds", integer(1..=MAX_PAUSE_SECONDS));
            fields.finish();
        }
        reader.finish(|| Some((engine_type?, reason, resume_after_seconds)))?
    };
    let report =
        api.broker.pause_queue(&input.actor(&api), &engine_type, reason.as_deref(), resume_after_seconds).await?;
    Ok(Json(QueueReply::of(report, api.limits)))
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
    Ok(Json(QueueReply::of(api.broker.resume_queue(&input.actor(&api), &engine_type).await?, api.limits)))
}
