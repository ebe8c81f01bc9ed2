//! `POST /redrive-jobs/{job_id}/pause`, `/continue` and `/cancel`.

use axum::Json;
use axum::extract::State;

use super::read::job_in_reach;
use super::reply::RedriveJobReply;
use crate::domain::redrive_job::Change;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::Input;

/// Pauses a redrive job: it redrives nothing until it is continued. What it has redriven goes on.
#[utoipa::path(
    post, path = "/redrive-jobs/{job_id}/pause", operation_id = "pause_redrive_job", tag = "redrive jobs",
    params(("job_id" = uuid::Uuid, Path, description = "The job")),
    responses(
        (status = 200, description = "Paused", body = RedriveJobReply),
        (status = 404, description = "No such job"),
        (status = 409, description = "It has nothing left to redrive"),
    )
)]
pub async fn pause(State(api): State<Api>, input: Input) -> Result<Json<RedriveJobReply>, Problem> {
    change(&api, &input, Change::Pause).await
}

/// Continues a paused redrive job. Where its canary was undecided, it goes on with all others.
#[utoipa::path(
    post, path = "/redrive-jobs/{job_id}/continue", operation_id = "continue_redrive_job", tag = "redrive jobs",
    params(("job_id" = uuid::Uuid, Path, description = "The job")),
    responses(
        (status = 200, description = "It goes on", body = RedriveJobReply),
        (status = 404, description = "No such job"),
        (status = 409, description = "It has nothing left to redrive"),
    )
)]
pub async fn go_on(State(api): State<Api>, input: Input) -> Result<Json<RedriveJobReply>, Problem> {
    change(&api, &input, Change::Continue).await
}

/// Cancels a redrive job for good. What it has redriven goes on; all others stay dead letters.
#[utoipa::path(
    post, path = "/redrive-jobs/{job_id}/cancel", operation_id = "cancel_redrive_job", tag = "redrive jobs",
    params(("job_id" = uuid::Uuid, Path, description = "The job")),
    responses(
        (status = 200, description = "Cancelled", body = RedriveJobReply),
        (status = 404, description = "No such job"),
        (status = 409, description = "It has nothing left to redrive"),
    )
)]
pub async fn cancel(State(api): State<Api>, input: Input) -> Result<Json<RedriveJobReply>, Problem> {
    change(&api, &input, Change::Cancel).await
}

async fn change(api: &Api, input: &Input, change: Change) -> Result<Json<RedriveJobReply>, Problem> {
    let job = job_in_reach(api, input).await?;
    Ok(Json(RedriveJobReply::of(api.broker.change_redrive_job(&input.actor(api), job.job_id, change).await?)))
}
