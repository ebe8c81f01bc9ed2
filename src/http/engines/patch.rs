//! `PATCH /engines/{engine_id}`: an engine's limits, changed while it runs.

use axum::Json;
use axum::extract::State;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::metadata::{StaticConfigBody, capabilities, home_of};
use super::reply::EngineReply;
use crate::domain::engine::Metadata;
use crate::domain::ids::EngineId;
use crate::domain::json::RawJson;
use crate::domain::limits::{MAX_CONCURRENT_EVENTS, MAX_SOFTWARE_VERSION_CHARS};
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::texts::parse_uuid;
use crate::http::requests::values::{any_object, checked_text, integer};
use crate::http::requests::{Fields, Input, Patch};

/// What to change of an engine: what is left out stays as it was sent, null removes (RFC 7396).
#[derive(ToSchema)]
#[schema(as = EnginePatch, example = json!({
    "metadata": {"static_config": {"resource_limits": {"max_concurrent_events": 2}}}
}))]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_patch` reads it")]
pub struct PatchBody {
    metadata: Option<MetadataPatchBody>,
}

#[derive(ToSchema)]
#[schema(as = EngineMetadataPatch)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_patch` reads it")]
pub struct MetadataPatchBody {
    static_config: Option<StaticConfigBody>,
}

/// A patch, and what changes of the members that the service reads.
struct ConfigPatch {
    json: RawJson,
    capabilities: Patch<Vec<String>>,
    max_concurrent_events: Patch<u32>,
    engine_software_version: Patch<String>,
}

impl ConfigPatch {
    fn of_nothing() -> Self {
        Self {
            json: RawValue::from_string("{}".to_owned()).expect("an empty object is JSON"),
            capabilities: Patch::Keep,
            max_concurrent_events: Patch::Keep,
            engine_software_version: Patch::Keep,
        }
    }

    fn follow(self, metadata: &mut Metadata) {
        match self.capabilities {
            Patch::Keep => {}
            Patch::Clear => metadata.capabilities.clear(),
            Patch::Set(capabilities) => metadata.capabilities = capabilities,
        }
        self.max_concurrent_events.apply(&mut metadata.max_concurrent_events);
        self.engine_software_version.apply(&mut metadata.engine_software_version);
    }
}

/// Changes an engine's static configuration; its limits hold from its next poll on. What it registers
/// with the next time replaces it.
#[utoipa::path(
    patch, path = "/engines/{engine_id}", operation_id = "change_engine", tag = "engines", request_body = PatchBody,
    params(("engine_id" = uuid::Uuid, Path, description = "The engine")),
    responses(
        (status = 200, description = "The engine as it is now", body = EngineReply),
        (status = 404, description = "Not registered"),
    )
)]
pub async fn patch(State(api): State<Api>, input: Input) -> Result<Json<EngineReply>, Problem> {
    let (engine_id, patch) = read_patch(&input)?;
    let json = patch.json.clone();
    let engine =
        api.broker.patch_engine(&input.actor(&api), engine_id, &json, |metadata| patch.follow(metadata)).await?;
    Ok(Json(EngineReply::of(engine)))
}

fn read_patch(input: &Input) -> Result<(EngineId, ConfigPatch), Problem> {
    let reader = input.reader();
    let engine_id = reader.path("engine_id", parse_uuid).map(EngineId);
    reader.caller();
    let patch = reader.body()?.and_then(|fields| {
        let patch = match fields.object("metadata") {
            Some(given) => read_metadata(&given),
            None => Some(ConfigPatch::of_nothing()),
        };
        fields.finish_with(|name| {
            (name == "static_config" || home_of(name).is_some()).then(|| "belongs into metadata".to_owned())
        });
        patch
    });
    reader.finish(|| Some((engine_id?, patch?)))
}

fn read_metadata(given: &Fields<'_>) -> Option<ConfigPatch> {
    let json = given.patch("static_config", any_object(given.limits().detail()));
    given.finish_with(|name| {
        Some(match home_of(name) {
            Some("static_config") => "belongs into metadata.static_config".to_owned(),
            Some(_) => "belongs into a heartbeat's dynamic_state".to_owned(),
            None if name == "dynamic_state" => "is changed by heartbeats, not by a patch".to_owned(),
            None => "is not a field of this object, which has static_config".to_owned(),
        })
    });
    match json {
        Patch::Keep => Some(ConfigPatch::of_nothing()),
        Patch::Clear => Some(ConfigPatch {
            json: RawValue::from_string("null".to_owned()).expect("null is JSON"),
            capabilities: Patch::Clear,
            max_concurrent_events: Patch::Clear,
            engine_software_version: Patch::Clear,
        }),
        Patch::Set(json) => Some(read_config(&given.object("static_config")?, json)),
    }
}

fn read_config(config: &Fields<'_>, json: RawJson) -> ConfigPatch {
    ConfigPatch {
        json,
        capabilities: match config.patch("capabilities", |_| Ok::<_, String>(())) {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(()) => capabilities(config).map_or(Patch::Keep, Patch::Set),
        },
        max_concurrent_events: match config.object_patch("resource_limits") {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(limits) => limits.patch("max_concurrent_events", integer(1..=MAX_CONCURRENT_EVENTS)),
        },
        engine_software_version: config.patch("engine_software_version", checked_text(MAX_SOFTWARE_VERSION_CHARS)),
    }
}
