//! `GET /scenario-runs/{scenario_run_id}`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;

use super::reply::RunReply;
use crate::domain::limits::MAX_WAIT_SECONDS;
use crate::domain::names::ScenarioRunId;
use crate::domain::run::RunScope;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::Input;
use crate::http::requests::texts::number_in;

/// Reads a scenario run: how many events it has in each status; if asked to, when none of them is open. A limited token sees
/// the part in its engine types. Of a run that nothing is known of, all counts are 0.
#[utoipa::path(
    get, path = "/scenario-runs/{scenario_run_id}", operation_id = "read_scenario_run", tag = "scenario runs",
    params(
        ("scenario_run_id" = String, Path, description = "The run"),
        ("wait_seconds" = Option<u32>, Query, description = "Answer when none of its events is open, or after so many seconds as it stands then"),
    ),
    responses(
        (status = 200, description = "The run", body = RunReply),
    )
)]
pub async fn get(State(api): State<Api>, input: Input) -> Result<Json<RunReply>, Problem> {
    let (run, wait_seconds) = {
        let reader = input.reader();
        let run = reader.path("scenario_run_id", ScenarioRunId::parse);
        reader.caller();
        let wait_seconds = reader.query("wait_seconds", number_in(0..=MAX_WAIT_SECONDS)).unwrap_or(0);
        (reader.finish(|| run)?, wait_seconds)
    };
    let scope = RunScope { run, engine_types: input.caller.engine_types().map(<[String]>::to_vec) };
    let read = api.broker.read_run_at_its_end(scope, Duration::from_secs(wait_seconds.into())).await;
    Ok(Json(RunReply::of(input.caller.after_wait(&api, read)?)))
}
