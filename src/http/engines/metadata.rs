//! What an engine says of itself, in a body.

use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::domain::engine::Metadata;
use crate::domain::json::RawJson;
use crate::domain::limits::{
    MAX_CAPABILITIES, MAX_CAPABILITY_CHARS, MAX_CONCURRENT_EVENTS, MAX_SOFTWARE_VERSION_CHARS,
};
use crate::http::requests::values::{any_object, checked_text, integer};
use crate::http::requests::{Fields, Patch, described};

described! {
    /// What an engine says of itself.
    #[schema(as = EngineMetadata)]
    pub struct MetadataBody of given: Fields<'_> {
        static_config: Option<RawJson> as Option<StaticConfigBody> = optional(any_object(given.limits().detail())),
        dynamic_state: Option<RawJson> as Option<DynamicStateBody> = optional(any_object(given.limits().detail())),
    }
}

/// Anything that changes while the engine runs, like `resource_utilization`.
#[derive(ToSchema)]
#[schema(as = EngineDynamicState, value_type = Object)]
#[expect(dead_code, reason = "names a part of the body for OpenAPI; `any_object` reads it")]
pub struct DynamicStateBody(Value);

described! {
    /// What the engine can do. Further members are kept as they are.
    #[schema(as = EngineStaticConfig)]
    pub struct StaticConfigBody<'a> of config: Fields<'a> {
        /// They inform; they do not route.
        capabilities: Patch<Vec<String>> as Option<Vec<CapabilityBody>> =
            items_patch(MAX_CAPABILITIES, checked_text(MAX_CAPABILITY_CHARS)),
        resource_limits: Patch<Fields<'a>> as Option<ResourceLimitsBody> = object_patch(),
        engine_software_version: Patch<String> as Option<String> = patch(checked_text(MAX_SOFTWARE_VERSION_CHARS)),
    }
}

#[derive(ToSchema)]
#[schema(as = EngineCapability, min_length = 1, max_length = 64, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
#[expect(dead_code, reason = "names a part of the body for OpenAPI; `checked_text` reads it")]
pub struct CapabilityBody(String);

described! {
    /// What an engine can take at a time. Members beside these are kept as they are.
    #[schema(as = EngineResourceLimits)]
    pub struct ResourceLimitsBody of limits: Fields<'_> {
        /// The engine is never given more than that at a time.
        max_concurrent_events: Patch<u32> as Option<u32> = patch(integer(1..=MAX_CONCURRENT_EVENTS)),
    }
}

/// What a static configuration says of the members that the service reads.
#[derive(Default)]
pub struct ConfigPatch {
    capabilities: Patch<Vec<String>>,
    max_concurrent_events: Patch<u32>,
    engine_software_version: Patch<String>,
}

impl ConfigPatch {
    /// Removes all of them.
    pub const CLEAR: Self =
        Self { capabilities: Patch::Clear, max_concurrent_events: Patch::Clear, engine_software_version: Patch::Clear };

    /// Reads the members of a static configuration; it may have others.
    pub fn of(config: &Fields<'_>) -> Self {
        let StaticConfigBody { capabilities, resource_limits, engine_software_version } =
            StaticConfigBody::take(config);
        let max_concurrent_events = match resource_limits {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(limits) => ResourceLimitsBody::take(&limits).max_concurrent_events,
        };
        Self { capabilities, max_concurrent_events, engine_software_version }
    }

    /// Changes what is known of an engine.
    pub fn apply(self, metadata: &mut Metadata) {
        match self.capabilities {
            Patch::Keep => {}
            Patch::Clear => metadata.capabilities.clear(),
            Patch::Set(capabilities) => metadata.capabilities = capabilities,
        }
        self.max_concurrent_events.apply(&mut metadata.max_concurrent_events);
        self.engine_software_version.apply(&mut metadata.engine_software_version);
    }
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
    let MetadataBody { static_config, dynamic_state } = MetadataBody::take(given);
    if static_config.is_some()
        && let Some(config) = given.object("static_config")
    {
        ConfigPatch::of(&config).apply(&mut metadata);
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
