//! `GET /queues/{engine_type}/explain`.

use axum::Json;
use axum::extract::State;

use crate::domain::explain::Explanation;
use crate::domain::names::EngineType;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::examples;
use crate::http::requests::Input;

/// Explains why a queue grows, or says that it flows: reasons in the order in which the service decides, and what to do about each.
///
/// Its engines and depth are as they were measured some seconds ago, its settings as they are now.
#[utoipa::path(
    get, path = "/queues/{engine_type}/explain", operation_id = "explain_queue", tag = "queues",
    params(("engine_type" = String, Path, description = "The queue")),
    responses(
        (status = 200, description = "Why it stands as it does", body = Explanation, example = json!(examples::explained_queue())),
        (status = 404, description = "It had no event, engine or setting yet"),
        (status = 422, description = "Not the name of a queue"),
    )
)]
pub async fn explain(State(api): State<Api>, input: Input) -> Result<Json<Explanation>, Problem> {
    let engine_type = input.read_path("engine_type", EngineType::parse)?;
    let may_know_database = input.caller.engine_types().is_none();
    Ok(Json(api.broker.explain_queue(&engine_type, may_know_database).await?))
}
