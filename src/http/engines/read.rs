//! `GET /engines`, and one of them: what is known of it, and what it holds.

use axum::Json;
use axum::extract::State;

use super::reply::EngineReply;
use crate::domain::engine::EngineStatus;
use crate::domain::engine::{Engine, Filter};
use crate::domain::ids::{EngineId, EventId};
use crate::domain::leased_event::LeasedEvent;
use crate::domain::limits::{MAX_CAPABILITY_CHARS, MAX_PAST_SECONDS, MAX_SOFTWARE_VERSION_CHARS};
use crate::domain::names::{EngineType, ScenarioRunId};
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::leases::leased_event::{HeldEventBody, LeasedEventReply};
use crate::http::pages::{self, Page, PageParameters};
use crate::http::requests::Input;
use crate::http::requests::texts::{number_in, parse_uuid, text_up_to, truth};

/// Lists engines, the newest registration first. A limited token sees those of its engine types.
#[utoipa::path(
    get, path = "/engines", operation_id = "list_engines", tag = "engines",
    params(
        ("engine_type" = Option<String>, Query, description = "Only of that type"),
        ("status" = Option<EngineStatus>, Query, description = "Only in that status"),
        ("capability" = Option<String>, Query, description = "Only with that capability"),
        ("scenario_run_id" = Option<String>, Query, description = "Only of that run"),
        ("engine_software_version" = Option<String>, Query, description = "Only with that version"),
        ("idle" = Option<bool>, Query, description = "true: only those that hold nothing; false: only the others"),
        ("zombie" = Option<bool>, Query, description = "true: only those that live, hold nothing and have not asked for work for a minute, though their queue has had due events for half a minute; false: only the others"),
        ("held_over_seconds" = Option<u32>, Query, description = "Only those that have held some event for longer"),
        ("silent_over_seconds" = Option<u32>, Query, description = "Only those that have sent nothing at all for longer"),
        ("view" = Option<String>, Query, description = "`brief`: of the metadata, only what the server reads itself: capabilities, version and limit"),
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
        is_idle: reader.query("idle", truth),
        is_zombie: reader.query("zombie", truth),
        held_over_seconds: reader.query("held_over_seconds", number_in(0..=MAX_PAST_SECONDS)),
        silent_over_seconds: reader.query("silent_over_seconds", number_in(0..=MAX_PAST_SECONDS)),
    };
    let is_brief = pages::is_brief(&reader);
    let asked = pages::asked(&reader, EngineId);
    reader.finish(|| Some(()))?;
    input.caller.narrow(&api, &mut filter.engine_type, &mut filter.engine_types)?;
    let found = api.broker.list_engines(&filter, asked.behind, asked.limit, is_brief).await?;
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
        ("view" = Option<String>, Query, description = "`brief`: null in the place of payloads, and of what the attempt before reported"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of its leases", body = Page<HeldEventBody>),
        (status = 404, description = "Not registered"),
        (status = 422, description = "Not a UUID"),
    )
)]
pub async fn leases(State(api): State<Api>, input: Input) -> Result<Json<Page<LeasedEventReply>>, Problem> {
    let (engine_id, is_itself, is_brief, asked) = {
        let reader = input.reader();
        let engine_id = reader.path("engine_id", parse_uuid).map(EngineId);
        let caller = reader.caller();
        let is_brief = pages::is_brief(&reader);
        let asked = pages::asked(&reader, EventId);
        reader.finish(|| Some((engine_id?, caller == engine_id, is_brief, asked)))?
    };
    let found = api.broker.leases_of_engine(engine_id, asked.behind, asked.limit, is_brief).await?;
    let place = |event: &LeasedEvent| pages::cursor(event.leased_at, event.event_id);
    let item = |event| LeasedEventReply::of(event).with_token_shown(is_itself);
    Ok(Json(Page::of_read(found, place, item)))
}
