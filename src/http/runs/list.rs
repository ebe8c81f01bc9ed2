//! `GET /scenario-runs`: those with open events, and those that are cancelled.

use axum::Json;
use axum::extract::State;

use super::reply::ListedRunReply;
use crate::domain::names::ScenarioRunId;
use crate::domain::run::ListedRun;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::pages::{self, Page, PageParameters};
use crate::http::requests::Input;

/// Lists scenario runs in the order of their names, since no run's beginning is kept: those that have open events, and those that
/// are cancelled. A limited token sees the part of each in its engine types.
#[utoipa::path(
    get, path = "/scenario-runs", operation_id = "list_scenario_runs", tag = "scenario runs",
    params(PageParameters),
    responses(
        (status = 200, description = "A page of runs", body = Page<ListedRunReply>),
    )
)]
pub async fn list(State(api): State<Api>, input: Input) -> Result<Json<Page<ListedRunReply>>, Problem> {
    let reader = input.reader();
    reader.caller();
    let limit = pages::limit(&reader);
    // Names are places enough.
    let behind = reader.query("cursor", |text| ScenarioRunId::parse(text).map_err(|_| pages::BAD_CURSOR));
    reader.finish(|| Some(()))?;
    let engine_types = input.caller.engine_types();
    let found = api.broker.list_runs(behind.as_ref().map(ScenarioRunId::as_str), engine_types, limit + 1).await?;
    let place = |run: &ListedRun| run.scenario_run_id.clone();
    Ok(Json(Page::of(found, limit, place, |run| ListedRunReply::of(run, engine_types))))
}
