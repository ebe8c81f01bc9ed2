//! `GET /queues` and `GET /queues/{engine_type}`.

use axum::Json;
use axum::extract::State;

use super::reply::QueueReply;
use crate::domain::names::EngineType;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::pages::{self, Page, PageParameters};
use crate::http::requests::Input;

/// Lists queues by name, flat enough for an autoscaler.
#[utoipa::path(
    get, path = "/queues", operation_id = "list_queues", tag = "queues",
    params(
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of queues", body = Page<QueueReply>),
    )
)]
pub async fn list(State(api): State<Api>, input: Input) -> Result<Json<Page<QueueReply>>, Problem> {
    let (limit, behind) = {
        let reader = input.reader();
        let limit = pages::limit(&reader);
        let behind = pages::behind_name(&reader);
        reader.finish(|| Some((limit, behind)))?
    };
    let found = api.broker.list_queues(behind.as_deref(), limit + 1, input.caller.engine_types()).await?;
    Ok(Json(Page::of(
        found,
        limit,
        |(report, _)| report.queue.engine_type.clone(),
        |(report, durations)| QueueReply::of(report, &durations, api.limits),
    )))
}

/// Reads a queue: how deep it is, who works on it, how fast, and its settings.
#[utoipa::path(
    get, path = "/queues/{engine_type}", operation_id = "read_queue", tag = "queues",
    params(("engine_type" = String, Path, description = "The queue")),
    responses(
        (status = 200, description = "The queue", body = QueueReply),
        (status = 404, description = "It had no event, engine or setting yet"),
        (status = 422, description = "Not the name of a queue"),
    )
)]
pub async fn get(State(api): State<Api>, input: Input) -> Result<Json<QueueReply>, Problem> {
    let engine_type = input.read_path("engine_type", EngineType::parse)?;
    let (report, durations) = api.broker.read_queue(&engine_type).await?;
    Ok(Json(QueueReply::of(report, &durations, api.limits)))
}
