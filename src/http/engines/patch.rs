//! `PATCH /engines/{engine_id}`: an engine's limits, changed while it runs.

use axum::Json;
use axum::extract::State;
use serde_json::value::RawValue;

use super::metadata::{ConfigPatch, StaticConfigBody, home_of};
use super::reply::EngineReply;
use crate::domain::engine::Metadata;
use crate::domain::ids::EngineId;
use crate::domain::json::RawJson;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::texts::parse_uuid;
use crate::http::requests::values::any_object;
use crate::http::requests::{Fields, Input, Patch, described};

described! {
    /// What to change of an engine: what is left out stays as it was sent, null removes (RFC 7396).
    #[schema(as = EnginePatch, example = json!({
        "metadata": {"static_config": {"resource_limits": {"max_concurrent_events": 2}}}
    }))]
    pub struct PatchBody<'a> of fields: Fields<'a> {
        metadata: Option<Fields<'a>> as Option<MetadataPatchBody> = object(),
    }
}

described! {
    /// What to change of an engine's metadata.
    #[schema(as = EngineMetadataPatch)]
    pub struct MetadataPatchBody of metadata: Fields<'_> {
        static_config: Patch<RawJson> as Option<StaticConfigBody> = patch(any_object(metadata.limits().detail())),
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
    let (engine_id, json, patch) = read_patch(&input)?;
    let change = |metadata: &mut Metadata| patch.apply(metadata);
    Ok(Json(EngineReply::of(api.broker.patch_engine(&input.actor(&api), engine_id, &json, change).await?)))
}

/// The patch as it was sent, and what it changes of the members that the service reads.
fn read_patch(input: &Input) -> Result<(EngineId, RawJson, ConfigPatch), Problem> {
    let reader = input.reader();
    let engine_id = reader.path("engine_id", parse_uuid).map(EngineId);
    reader.caller();
    let patch = reader.body()?.and_then(|fields| {
        let patch = match PatchBody::take(&fields).metadata {
            Some(given) => read_metadata(&given),
            None => Some(of_nothing()),
        };
        fields.finish_with(|name| {
            (name == "static_config" || home_of(name).is_some()).then(|| "belongs into metadata".to_owned())
        });
        patch
    });
    reader.finish(|| {
        let (json, patch) = patch?;
        Some((engine_id?, json, patch))
    })
}

fn of_nothing() -> (RawJson, ConfigPatch) {
    let json = RawValue::from_string("{}".to_owned()).expect("an empty object is JSON");
    (json, ConfigPatch::default())
}

fn read_metadata(given: &Fields<'_>) -> Option<(RawJson, ConfigPatch)> {
    let MetadataPatchBody { static_config } = MetadataPatchBody::take(given);
    given.finish_with(|name| {
        Some(match home_of(name) {
            Some("static_config") => "belongs into metadata.static_config".to_owned(),
            Some(_) => "belongs into a heartbeat's dynamic_state".to_owned(),
            None if name == "dynamic_state" => "is changed by heartbeats, not by a patch".to_owned(),
            None => "is not a field of this object, which has static_config".to_owned(),
        })
    });
    match static_config {
        Patch::Keep => Some(of_nothing()),
        Patch::Clear => {
            let json = RawValue::from_string("null".to_owned()).expect("null is JSON");
            Some((json, ConfigPatch::CLEAR))
        }
        Patch::Set(json) => Some((json, ConfigPatch::of(&given.object("static_config")?))),
    }
}
