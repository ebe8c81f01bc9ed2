//! What an engine says of itself, in a body.

use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::domain::engine::Metadata;
use crate::domain::limits::{
    MAX_CAPABILITIES, MAX_CAPABILITY_CHARS, MAX_CONCURRENT_EVENTS, MAX_SOFTWARE_VERSION_CHARS,
};
use crate::http::requests::Fields;
use crate::http::requests::values::{any_object, checked_text, integer};

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
    #[schema(value_type = Option<Vec<CapabilityBody>>)]
    capabilities: Option<Vec<String>>,
    resource_limits: Option<ResourceLimitsBody>,
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
    max_concurrent_events: Option<u32>,
}

const STATIC_MEMBERS: [&str; 3] = ["capabilities", "resource_limits", "engine_software_version"];
const DYNAMIC_MEMBERS: [&str; 2] = ["resource_utilization", "current_scenario_run_id"];

/// Where a member of flat metadata belongs.
pub fn home_of(name: &str) -> Option<&'static str> {
    if STATIC_MEMBERS.contains(&name) {
        Some("static_config")
    } else {
        DYNAMIC_MEMBERS.contains(&name).then_some("dynamic_state")
    }
}

pub fn capabilities(config: &Fields<'_>) -> Option<Vec<String>> {
    config.items("capabilities", MAX_CAPABILITIES, checked_text(MAX_CAPABILITY_CHARS))
}

/// Reads `metadata`; flat metadata is told where its members belong.
pub fn read_metadata(given: Option<&Fields<'_>>) -> Metadata {
    let empty = || RawValue::from_string("{}".to_owned()).expect("an empty object is JSON");
    let mut metadata = Metadata {
        static_config: empty(),
        dynamic_state: empty(),
        capabilities: Vec::new(),
        max_concurrent_events: None,
        engine_software_version: None,
    };
    let Some(given) = given else { return metadata };
    let static_config = given.optional("static_config", any_object(given.limits().detail()));
    let dynamic_state = given.optional("dynamic_state", any_object(given.limits().detail()));
    if static_config.is_some()
        && let Some(config) = given.object("static_config")
    {
        metadata.capabilities = capabilities(&config).unwrap_or_default();
        metadata.engine_software_version =
            config.optional("engine_software_version", checked_text(MAX_SOFTWARE_VERSION_CHARS));
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
