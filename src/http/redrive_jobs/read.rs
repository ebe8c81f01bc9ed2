//! `GET /redrive-jobs` and `/redrive-jobs/{job_id}`.

use axum::Json;
use axum::extract::State;

use super::reply::RedriveJobReply;
use crate::broker::Error;
use crate::domain::dead_letters::Filter;
use crate::domain::names::EngineType;
use crate::domain::redrive_job::{RedriveJob, RedriveJobId};
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::examples;
use crate::http::pages::{self, Page, PageParameters};
use crate::http::requests::Input;
use crate::http::requests::texts::parse_uuid;

/// Lists redrive jobs, the newest first. They are kept for as long as ended events are, counted from when they last changed their
/// state. A limited token sees those whose filter names none but its engine types.
#[utoipa::path(
    get, path = "/redrive-jobs", operation_id = "list_redrive_jobs", tag = "redrive jobs",
    params(
        ("engine_type" = Option<String>, Query, description = "Only jobs whose filter names that queue"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of jobs", body = Page<RedriveJobReply>, example = json!(examples::redrive_jobs())),
    )
)]
pub async fn list(State(api): State<Api>, input: Input) -> Result<Json<Page<RedriveJobReply>>, Problem> {
    let (engine_type, behind, limit) = {
        let reader = input.reader();
        reader.caller();
        let engine_type = reader.query("engine_type", EngineType::parse);
        let limit = pages::limit(&reader);
        let behind = reader.query("cursor", |text| parse_uuid(text).map_err(|_| pages::BAD_CURSOR));
        reader.finish(|| Some((engine_type, behind, limit)))?
    };
    let engine_type = engine_type.as_ref().map(EngineType::as_str);
    if let Some(engine_type) = engine_type {
        input.caller.may_reach(&api, engine_type)?;
    }
    // A job that is for further queues beside the token's is not for its bearer to see.
    let engine_types = input.caller.engine_types();
    let found = api.broker.list_redrive_jobs(engine_type, engine_types, behind, limit + 1).await?;
    Ok(Json(Page::of(found, limit, |job| job.job_id.to_string(), RedriveJobReply::of)))
}

/// Reads a redrive job: where it stands, how many dead letters it has redriven, and how these ended.
#[utoipa::path(
    get, path = "/redrive-jobs/{job_id}", operation_id = "read_redrive_job", tag = "redrive jobs",
    params(("job_id" = uuid::Uuid, Path, description = "The job")),
    responses(
        (status = 200, description = "The job", body = RedriveJobReply, example = json!(examples::redrive_job())),
        (status = 404, description = "No such job"),
    )
)]
pub async fn get(State(api): State<Api>, input: Input) -> Result<Json<RedriveJobReply>, Problem> {
    Ok(Json(RedriveJobReply::of(job_in_reach(&api, &input).await?)))
}

/// The job in the path. One that the token does not reach is unknown to it.
pub async fn job_in_reach(api: &Api, input: &Input) -> Result<RedriveJob, Problem> {
    let job_id = RedriveJobId(input.read_path("job_id", parse_uuid)?);
    let job = api.broker.read_redrive_job(job_id).await?;
    let Filter { engine_type, engine_types, .. } = &job.settings.filter;
    let is_in_reach = match (engine_type, engine_types) {
        (Some(engine_type), _) => input.caller.reaches(engine_type),
        (None, Some(engine_types)) => engine_types.iter().all(|engine_type| input.caller.reaches(engine_type)),
        (None, None) => input.caller.engine_types().is_none(),
    };
    if is_in_reach { Ok(job) } else { Err(Error::RedriveJobNotFound(job_id).into()) }
}
