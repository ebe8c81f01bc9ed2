//! `/engines`: the registry; below, what operators change.

pub mod drain;
pub mod patch;
pub mod register;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::fields::{Fields, any_object, integer, parsed};
use super::input::{Input, parse_uuid, text_up_to};
use super::leased_event::{HeldEventBody, LeasedEventReply};
use super::pages::{self, Page};
use super::problem::{Problem, ProblemBody};
use super::{Api, Limits};
use crate::domain::engine::{Engine, EngineStatus, Filter, Metadata, heartbeat_interval_seconds};
use crate::domain::ids::{EngineId, EventId};
use crate::domain::json::RawJson;
use crate::domain::leased_event::LeasedEvent;
use crate::domain::limits::{
    MAX_CAPABILITIES, MAX_CAPABILITY_CHARS, MAX_CONCURRENT_EVENTS, MAX_SOFTWARE_VERSION_CHARS,
};
use crate::domain::names::{EngineType, ScenarioRunId, check_text};

#[derive(ToSchema)]
#[schema(as = EngineMetadata)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_metadata` reads it")]
pub struct MetadataBody {
    static_config: Option<StaticConfigBody>,
    #[schema(value_type = Option<DynamicStateBody>)]
    dynamic_state: Option<Value>,
}

/// Anything that changes while the engine runs, like `resource_utilization`.
#[derive(ToSchema)]
#[schema(as = EngineDynamicState, value_type = Object)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_metadata` reads it")]
pub struct DynamicStateBody(Value);

/// What the engine can do. Further members are kept as they are.
#[derive(ToSchema)]
#[schema(as = EngineStaticConfig)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_metadata` reads it")]
pub struct StaticConfigBody {
    /// They inform; they do not route.
    #[schema(max_items = 100, value_type = Option<Vec<CapabilityBody>>)]
    capabilities: Option<Vec<String>>,
    resource_limits: Option<ResourceLimitsBody>,
    #[schema(min_length = 1, max_length = 64, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    engine_software_version: Option<String>,
}

#[derive(ToSchema)]
#[schema(as = EngineCapability, min_length = 1, max_length = 64, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_metadata` reads it")]
pub struct CapabilityBody(String);

#[derive(ToSchema)]
#[schema(as = EngineResourceLimits)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_metadata` reads it")]
pub struct ResourceLimitsBody {
    /// The engine is never given more than that at a time.
    #[schema(minimum = 1, maximum = 100_000)]
    max_concurrent_events: Option<u32>,
}

const STATIC_MEMBERS: [&str; 3] = ["capabilities", "resource_limits", "engine_software_version"];
const DYNAMIC_MEMBERS: [&str; 2] = ["resource_utilization", "current_scenario_run_id"];

/// Where a member of flat metadata belongs.
fn home_of(name: &str) -> Option<&'static str> {
    if STATIC_MEMBERS.contains(&name) {
        Some("static_config")
    } else {
        DYNAMIC_MEMBERS.contains(&name).then_some("dynamic_state")
    }
}

fn capabilities(config: &Fields<'_>) -> Option<Vec<String>> {
    config.items("capabilities", MAX_CAPABILITIES, |item| {
        parsed(|text| check_text(text, MAX_CAPABILITY_CHARS).map(|()| text.to_owned()))(item)
    })
}

fn software_version() -> impl FnOnce(&RawValue) -> Result<String, String> {
    parsed(|text| check_text(text, MAX_SOFTWARE_VERSION_CHARS).map(|()| text.to_owned()))
}

/// Reads `metadata`; flat metadata is told where its members belong.
fn read_metadata(fields: &Fields<'_>, limits: Limits) -> Metadata {
    let empty = || RawValue::from_string("{}".to_owned()).expect("an empty object is JSON");
    let mut metadata = Metadata {
        static_config: empty(),
        dynamic_state: empty(),
        capabilities: Vec::new(),
        max_concurrent_events: None,
        engine_software_version: None,
    };
    let Some(given) = fields.object("metadata") else { return metadata };
    let static_config = given.optional("static_config", any_object(limits.detail()));
    let dynamic_state = given.optional("dynamic_state", any_object(limits.detail()));
    if static_config.is_some()
        && let Some(config) = given.object("static_config")
    {
        metadata.capabilities = capabilities(&config).unwrap_or_default();
        metadata.engine_software_version = config.optional("engine_software_version", software_version());
        if let Some(resource_limits) = config.object("resource_limits") {
            metadata.max_concurrent_events =
                resource_limits.optional("max_concurrent_events", integer(1..=MAX_CONCURRENT_EVENTS));
        }
    }
    given.finish_with(|name| {
        Some(match home_of(name) {
            Some(home) => format!("belongs into metadata.{home}"),
            None => "is not a field of metadata, which has static_config and dynamic_state".to_owned(),
        })
    });
    metadata.static_config = static_config.unwrap_or_else(empty);
    metadata.dynamic_state = dynamic_state.unwrap_or_else(empty);
    metadata
}

/// What the service knows of an engine.
#[derive(Serialize, ToSchema)]
#[schema(as = Engine)]
pub struct EngineReply {
    #[schema(value_type = uuid::Uuid)]
    engine_id: EngineId,
    engine_type: String,
    status: EngineStatus,
    last_heartbeat: Option<DateTime<Utc>>,
    /// As the engine reports it.
    current_workload: Option<i32>,
    /// As the server counts them.
    leases_held: i32,
    scenario_run_id: Option<String>,
    metadata: MetadataReply,
    /// How often this id was registered.
    incarnation: i32,
    registered_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    last_poll_at: Option<DateTime<Utc>>,
    /// Null where the engine registered so: it is judged by its leases alone, and removed after 7 days without any call.
    heartbeat_timeout_seconds: Option<i32>,
    /// How often to send one: a third of the timeout. Null where the timeout is.
    heartbeat_interval_seconds: Option<u32>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = EngineMetadataReply)]
pub struct MetadataReply {
    #[schema(value_type = StaticConfigBody)]
    static_config: RawJson,
    #[schema(value_type = DynamicStateBody)]
    dynamic_state: RawJson,
}

impl EngineReply {
    pub fn of(engine: Engine) -> Self {
        Self {
            engine_id: engine.engine_id,
            engine_type: engine.engine_type,
            status: engine.status,
            last_heartbeat: engine.last_heartbeat,
            current_workload: engine.current_workload,
            leases_held: engine.leases_held,
            scenario_run_id: engine.scenario_run_id,
            metadata: MetadataReply {
                static_config: engine.description.static_config,
                dynamic_state: engine.description.dynamic_state,
            },
            incarnation: engine.incarnation,
            registered_at: engine.registered_at,
            last_seen_at: engine.last_seen_at,
            last_poll_at: engine.last_poll_at,
            heartbeat_timeout_seconds: engine.heartbeat_timeout_seconds,
            heartbeat_interval_seconds: engine
                .heartbeat_timeout_seconds
                .map(|timeout| heartbeat_interval_seconds(timeout.cast_unsigned())),
        }
    }
}

/// Lists engines, the newest registration first.
#[utoipa::path(
    get, path = "/engines", operation_id = "list_engines", tag = "engines",
    params(
        ("engine_type" = Option<String>, Query, description = "Only of that type"),
        ("status" = Option<EngineStatus>, Query, description = "Only in that status"),
        ("capability" = Option<String>, Query, description = "Only with that capability", max_length = 64),
        ("scenario_run_id" = Option<String>, Query, description = "Only of that run"),
        ("engine_software_version" = Option<String>, Query, description = "Only with that version", max_length = 64),
        ("limit" = Option<u32>, Query, description = "Items a page, 50 by default", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The next_cursor of the page before"),
    ),
    responses(
        (status = 200, description = "A page of engines", body = Page<EngineReply>),
        (status = 422, description = "Every bad place is named", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No database", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn list(State(api): State<Api>, input: Input) -> Result<Json<Page<EngineReply>>, Problem> {
    let reader = input.reader();
    let filter = Filter {
        engine_id: None,
        engine_type: reader.query("engine_type", |text| EngineType::parse(text).map(|name| name.to_string())),
        status: reader
            .query("status", |text| EngineStatus::parse(text).ok_or("must be active, draining or unresponsive")),
        capability: reader.query("capability", text_up_to(MAX_CAPABILITY_CHARS)),
        scenario_run_id: reader.query("scenario_run_id", |text| ScenarioRunId::parse(text).map(|id| id.to_string())),
        engine_software_version: reader.query("engine_software_version", text_up_to(MAX_SOFTWARE_VERSION_CHARS)),
    };
    let asked = pages::asked(&reader, EngineId);
    reader.finish(|| Some(()))?;
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
        (status = 404, description = "Not registered", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Not a UUID", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No database", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn get(State(api): State<Api>, input: Input) -> Result<Json<EngineReply>, Problem> {
    let (engine_id, _) = read_engine_id(&input)?;
    Ok(Json(EngineReply::of(api.broker.read_engine(engine_id).await?)))
}

/// Removes an engine. Leaving by itself (`X-Engine-Id`) or while draining, its leases go back and
/// spend nothing; otherwise they are silent losses.
#[utoipa::path(
    delete, path = "/engines/{engine_id}", operation_id = "deregister_engine", tag = "engines",
    params(
        ("engine_id" = uuid::Uuid, Path, description = "The engine"),
        ("X-Engine-Id" = Option<uuid::Uuid>, Header, description = "Who says so: the engine itself, or not"),
    ),
    responses(
        (status = 204, description = "Gone"),
        (status = 404, description = "Not registered", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Not a UUID", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No database", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn deregister(State(api): State<Api>, input: Input) -> Result<StatusCode, Problem> {
    let (engine_id, caller) = read_engine_id(&input)?;
    api.broker.deregister(&input.actor(&api), engine_id, caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives the engine no more events; it finishes what it holds.
#[utoipa::path(
    post, path = "/engines/{engine_id}/drain", operation_id = "drain_engine", tag = "engines",
    params(("engine_id" = uuid::Uuid, Path, description = "The engine")),
    responses(
        (status = 200, description = "Draining", body = EngineReply),
        (status = 404, description = "Not registered", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Not a UUID", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No database", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn drain(State(api): State<Api>, input: Input) -> Result<Json<EngineReply>, Problem> {
    set_draining(&api, &input, true).await
}

/// Gives the engine events again.
#[utoipa::path(
    post, path = "/engines/{engine_id}/resume", operation_id = "resume_engine", tag = "engines",
    params(("engine_id" = uuid::Uuid, Path, description = "The engine")),
    responses(
        (status = 200, description = "Active again", body = EngineReply),
        (status = 404, description = "Not registered", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Not a UUID", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No database", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn resume(State(api): State<Api>, input: Input) -> Result<Json<EngineReply>, Problem> {
    set_draining(&api, &input, false).await
}

async fn set_draining(api: &Api, input: &Input, is_draining: bool) -> Result<Json<EngineReply>, Problem> {
    let (engine_id, _) = read_engine_id(input)?;
    Ok(Json(EngineReply::of(api.broker.set_draining(&input.actor(api), engine_id, is_draining).await?)))
}

/// Lists what an engine holds, with payloads, the newest lease first; tokens for the engine itself.
#[utoipa::path(
    get, path = "/engines/{engine_id}/leases", operation_id = "list_engine_leases", tag = "engines",
    params(
        ("engine_id" = uuid::Uuid, Path, description = "The engine"),
        ("X-Engine-Id" = Option<uuid::Uuid>, Header, description = "The engine itself is shown its lease tokens"),
        ("limit" = Option<u32>, Query, description = "Items a page, 50 by default", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The next_cursor of the page before"),
    ),
    responses(
        (status = 200, description = "A page of its leases", body = Page<HeldEventBody>),
        (status = 404, description = "Not registered", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Not a UUID", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No database", body = ProblemBody, content_type = "application/problem+json"),
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

/// The engine of the path, and who calls. A body, where one comes, must be an empty object.
fn read_engine_id(input: &Input) -> Result<(EngineId, Option<EngineId>), Problem> {
    let reader = input.reader();
    let engine_id = reader.path("engine_id", parse_uuid).map(EngineId);
    let caller = reader.caller();
    reader.empty_body()?;
    reader.finish(|| Some((engine_id?, caller)))
}
