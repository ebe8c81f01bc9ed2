//! `GET /engines`, and one of them: what is known of it, and what it holds.

use axum::Json;
use axum::extract::State;

use super::reply::EngineReply;
use crate::domain::engine::EngineStatus;
use crate::domain::engine::{Engine, Filter};
use crate::domain::ids::{EngineId, EventId};
use crate::domain::leased_event::LeasedEvent;
use crate::domain::limits::{MAX_CAPABILITY_CHARS, MAX_SOFTWARE_VERSION_CHARS};
use crate::domain::names::{EngineType, ScenarioRunId};
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::leases::leased_event::{HeldEventBody, LeasedEventReply};
use crate::http::pages::{self, Page, PageParameters};
use crate::http::requests::Input;
use crate::http::requests::texts::{parse_uuid, text_up_to};

/// Lists engines, the newest registration first. A limited token sees those of its engine types.
#[utoipa::path(
    get, path = "/engines", operation_id = "list_engines", tag = "engines",
    params(
        ("engine_type" = Option<String>, Query, description = "Only of that type"),
        ("status" = Option<EngineStatus>, Query, description = "Only in that status"),
        ("capability" = Option<String>, Query, description = "Only with that capability"),
        ("scenario_run_id" = Option<String>, Query, description = "Only of that run"),
        ("engine_software_version" = Option<String>, Query, description = "Only with that version"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of engines", body = Page<EngineReply>),
    )
)]
pub async fn list(State(api): State<Api>, input: Input) -> Result<Json<Page<EngineReply>>, Problem> {
    let reader = input.reader();
    let mut filter = Filter {
        engine_id: None,
        engine_type: reader.query("engine_type", |text| EngineType::parse(text).map(|name| name.to_string())),
        engine_types: None,
        status: reader
            .query("status", |text| EngineStatus::parse(text).ok_or("must be active, draining or unresponsive")),
        capability: reader.query("capability", text_up_to(MAX_CAPABILITY_CHARS)),
        scenario_run_id: reader.query("scenario_run_id", |text| ScenarioRunId::parse(text).map(|id| id.to_string())),
        engine_software_version: reader.query("engine_software_version", text_up_to(MAX_SOFTWARE_VERSION_CHARS)),
    };
    let asked = pages::asked(&reader, EngineId);
    reader.finish(|| Some(()))?;
    input.caller.narrow(&api, &mut filter.engine_type, &mut filter.engine_types)?;
    let found = api.broker.list_engines(&filter, asked.behind, asked.limit).await?;
    let place = |engine: &Engine| pages::cursor(engine.registered_at, engine.engine_id);
    Ok(Json(Page::of_read(found, place, EngineReply::of)))
}

/// Reads one engine.
#[utoipa::path(
    get, path = "/engines/{engine_id}", operation_id = "read_engine", tag = "engines",
    params(("engine_id" = uuid::Uuid, Path, description = "The engine")),
    responses(
        (status = 200, description = "The engine", body = EngineReply),
        (status = 404, description = "Not registered"),
        (status = 422, description = "Not a UUID"),
    )
)]
pub async fn get(State(api): State<Api>, input: Input) -> Result<Json<EngineReply>, Problem> {
    let engine_id = input.read_path("engine_id", parse_uuid).map(EngineId)?;
    Ok(Json(EngineReply::of(api.broker.read_engine(engine_id).await?)))
}

/// Lists what an engine holds, with payloads, the newest lease first; tokens for the engine itself.
#[utoipa::path(
    get, path = "/engines/{engine_id}/leases", operation_id = "list_engine_leases", tag = "engines",
    params(
        ("engine_id" = uuid::Uuid, Path, description = "The engine"),
        ("X-Engine-Id" = Option<uuid::Uuid>, Header, description = "The engine itself is shown its lease tokens"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of its leases", body = Page<HeldEventBody>),
        (status = 404, description = "Not registered"),
        (status = 422, description = "Not a UUID"),
    )
)]
pub async fn leases(State(api): State<Api>, input: Input) -> Result<Json<Page<LeasedEventReply>>, Problem> {
    let (engine_id, is_itself, asked) = {
        let reader = input.reader();
        let engine_id = reader.path("engine_id", parse_uuid).map(EngineId);
        let caller = reader.caller();
        let asked = pages::asked(&reader, EventId);
        reader.finish(|| Some((engine_id?, caller == engine_id, asked)))?
    };
    let found = api.broker.leases_of_engine(engine_id, asked.behind, asked.limit).await?;
    let place = |event: &LeasedEvent| pages::cursor(event.leased_at, event.event_id);
    let item = |event| LeasedEventReply::of(event).with_token_shown(is_itself);
    Ok(Json(Page::of_read(found, place, item)))
}
