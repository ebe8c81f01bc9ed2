//! `POST /scenario-runs/{scenario_run_id}/cancel` and `/reopen`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::names::ScenarioRunId;
use crate::domain::run::RunScope;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::Input;

/// Cancels a scenario run, with all that is open of it. From then on it takes no events: enqueuing into it is refused with
/// `run_cancelled`, until it is reopened. A limited token cancels the part in its engine types.
#[utoipa::path(
    post, path = "/scenario-runs/{scenario_run_id}/cancel", operation_id = "cancel_scenario_run", tag = "scenario runs",
    params(("scenario_run_id" = String, Path, description = "The run")),
    responses(
        (status = 200, description = "How many", body = CancelledReply),
        (status = 422, description = "Not the name of a run"),
    )
)]
pub async fn cancel(State(api): State<Api>, input: Input) -> Result<Json<CancelledReply>, Problem> {
    let scope = scope(&input)?;
    let done = api.broker.cancel_run(&input.actor(&api), &scope).await?;
    Ok(Json(CancelledReply { cancelled: done.cancelled, cancel_requested: done.requested }))
}

#[derive(Serialize, ToSchema)]
#[schema(as = CancelledRun)]
pub struct CancelledReply {
    /// Queued events that are cancelled now.
    cancelled: usize,
    /// Events in engines' hands, which end with their leases.
    cancel_requested: usize,
}

/// Lets a cancelled scenario run take events again. What was cancelled stays so. A limited token reopens what was cancelled by
/// its engine types; a run that was cancelled as a whole stays cancelled.
#[utoipa::path(
    post, path = "/scenario-runs/{scenario_run_id}/reopen", operation_id = "reopen_scenario_run", tag = "scenario runs",
    params(("scenario_run_id" = String, Path, description = "The run")),
    responses(
        (status = 200, description = "It takes events, unless it is cancelled beyond the token's reach", body = ReopenedReply),
        (status = 422, description = "Not the name of a run"),
    )
)]
pub async fn reopen(State(api): State<Api>, input: Input) -> Result<Json<ReopenedReply>, Problem> {
    let scope = scope(&input)?;
    let reopened = api.broker.reopen_run(&input.actor(&api), &scope).await?;
    Ok(Json(ReopenedReply { scenario_run_id: scope.run.to_string(), reopened }))
}

#[derive(Serialize, ToSchema)]
#[schema(as = ReopenedRun)]
pub struct ReopenedReply {
    scenario_run_id: String,
    /// False: it was not cancelled.
    reopened: bool,
}

fn scope(input: &Input) -> Result<RunScope, Problem> {
    let run = input.read_path("scenario_run_id", ScenarioRunId::parse)?;
    Ok(RunScope { run, engine_types: input.caller.engine_types().map(<[String]>::to_vec) })
}
