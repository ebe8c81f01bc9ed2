//! `POST /engines/{engine_id}/drain` and `/resume`, and `/engines/drain`: many at a time, as before a new version.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::reply::EngineReply;
use crate::domain::engine::{AfterDrain, DrainFilter, DrainOrder, Drained};
use crate::domain::ids::EngineId;
use crate::domain::limits::{MAX_DRAIN_REASON_CHARS, MAX_DRAINED_ENGINES_TOLD, MAX_SOFTWARE_VERSION_CHARS};
use crate::domain::names::EngineType;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::texts::parse_uuid;
use crate::http::requests::values::{boolean, checked_text, parsed};
use crate::http::requests::{Fields, Input, described};

described! {
    /// Why an engine is to drain, and what it is to do then.
    #[derive(Default)]
    #[schema(as = DrainEngine, example = json!({"reason": "version 1.4.0 is replaced", "then": "exit"}))]
    pub struct DrainBody of fields: Fields<'_> {
        /// Why, for people. Left out, one that is draining keeps its reason.
        reason: Option<String> = optional(checked_text(MAX_DRAIN_REASON_CHARS)),
        /// Once it holds nothing. Left out, one that is draining keeps what it was told; for another it is `exit`.
        then: Option<AfterDrain> = optional(parsed(after_drain)),
    }
}

fn after_drain(text: &str) -> Result<AfterDrain, &'static str> {
    AfterDrain::parse(text).ok_or("must be exit or stay")
}

/// Gives the engine no more events; it finishes what it holds. The replies to its heartbeats tell it so. One that is draining already
/// keeps its `reason` and `then` where they are left out.
#[utoipa::path(
    post, path = "/engines/{engine_id}/drain", operation_id = "drain_engine", tag = "engines", request_body = Option<DrainBody>,
    params(
        ("engine_id" = uuid::Uuid, Path, description = "The engine"),
        ("X-Engine-Incarnation" = Option<String>, Header, description = "The incarnation that is meant; any other than the registered one is refused"),
    ),
    responses(
        (status = 200, description = "Draining", body = EngineReply),
        (status = 404, description = "Not registered"),
        (status = 409, description = "The engine has registered again"),
    )
)]
pub async fn drain(State(api): State<Api>, input: Input) -> Result<Json<EngineReply>, Problem> {
    let (engine_id, incarnation, order) = {
        let reader = input.reader();
        let engine_id = reader.path("engine_id", parse_uuid).map(EngineId);
        let incarnation = reader.incarnation(true);
        reader.caller();
        let body = reader.optional_body()?.map(|fields| fields.exactly(DrainBody::take)).unwrap_or_default();
        let DrainBody { reason, then } = body;
        reader.finish(|| Some((engine_id?, incarnation, DrainOrder { reason, then })))?
    };
    let engine = api.broker.set_draining(&input.actor(&api), engine_id, incarnation, Some(&order)).await?;
    Ok(Json(EngineReply::of(engine)))
}

/// Gives the engine events again.
#[utoipa::path(
    post, path = "/engines/{engine_id}/resume", operation_id = "resume_engine", tag = "engines",
    params(("engine_id" = uuid::Uuid, Path, description = "The engine")),
    responses(
        (status = 200, description = "Active again", body = EngineReply),
        (status = 400, description = "Not JSON, or not all of it came"),
        (status = 404, description = "Not registered"),
        (status = 422, description = "Not a UUID"),
    )
)]
pub async fn resume(State(api): State<Api>, input: Input) -> Result<Json<EngineReply>, Problem> {
    let engine_id = input.read_path("engine_id", parse_uuid).map(EngineId)?;
    Ok(Json(EngineReply::of(api.broker.set_draining(&input.actor(&api), engine_id, None, None).await?)))
}

described! {
    /// Which engines to drain.
    #[schema(as = DrainEngines, example = json!({"filter": {"engine_software_version": "1.0.0"}, "dry_run": true}))]
    pub struct DrainManyBody of fields: Fields<'_> {
        filter: Option<DrainFilter> as DrainFilterBody = part(read_filter),
        /// Why, for people. Left out, those that are draining keep their reasons.
        reason: Option<String> = optional(checked_text(MAX_DRAIN_REASON_CHARS)),
        /// Once they hold nothing. Left out, those that are draining keep what they were told; for others it is `exit`.
        then: Option<AfterDrain> = optional(parsed(after_drain)),
        /// True: looks, and changes nothing. False where it is left out.
        dry_run: Option<bool> = optional(boolean),
    }
}

described! {
    /// Those that are all of it. At least one member.
    #[schema(as = DrainFilter)]
    pub struct DrainFilterBody of fields: Fields<'_> {
        engine_type: Option<EngineType> as Option<String> = optional(parsed(EngineType::parse)),
        engine_software_version: Option<String> = optional(checked_text(MAX_SOFTWARE_VERSION_CHARS)),
    }
}

/// Gives all these engines no more events; they finish what they hold. One that registers later is not meant. Those
/// that are draining already keep their `reason` and `then` where these are left out. A limited token drains those of its engine types.
#[utoipa::path(
    post, path = "/engines/drain", operation_id = "drain_engines", tag = "engines", request_body = DrainManyBody,
    responses(
        (status = 200, description = "Draining", body = DrainedManyReply),
    )
)]
pub async fn drain_many(State(api): State<Api>, input: Input) -> Result<Json<DrainedManyReply>, Problem> {
    let (mut filter, order, is_dry_run) = read_drain(&input)?;
    input.caller.narrow(&api, &mut filter.engine_type, &mut filter.engine_types)?;
    let engines = api.broker.drain_engines(&input.actor(&api), &filter, &order, is_dry_run).await?;
    Ok(Json(DrainedManyReply::of(&engines, is_dry_run)))
}

fn read_drain(input: &Input) -> Result<(DrainFilter, DrainOrder, bool), Problem> {
    let reader = input.reader();
    reader.caller();
    let read = reader.body()?.and_then(|fields| {
        let body = fields.exactly(DrainManyBody::take);
        if !fields.is_given("filter") {
            fields.error("filter", "is missing; name an engine_type, an engine_software_version, or both");
        }
        let order = DrainOrder { reason: body.reason, then: body.then };
        Some((body.filter?, order, body.dry_run.unwrap_or(false)))
    });
    reader.finish(|| read)
}

fn read_filter(fields: &Fields<'_>) -> DrainFilter {
    if fields.says_nothing() {
        fields.refuse("is empty; name an engine_type, an engine_software_version, or both");
    }
    let DrainFilterBody { engine_type, engine_software_version } = DrainFilterBody::take(fields);
    DrainFilter { engine_type: engine_type.map(|name| name.to_string()), engine_types: None, engine_software_version }
}

/// The engines that were meant.
#[derive(Serialize, ToSchema)]
#[schema(as = DrainedEngines)]
pub struct DrainedManyReply {
    matched: usize,
    /// Those of them that are draining now, also since before the call.
    draining: usize,
    /// Those that matched, by id; the first 1000.
    #[schema(value_type = Vec<uuid::Uuid>)]
    engine_ids: Vec<EngineId>,
}

impl DrainedManyReply {
    fn of(engines: &[Drained], is_dry_run: bool) -> Self {
        Self {
            matched: engines.len(),
            draining: engines.iter().filter(|engine| engine.was_draining || !is_dry_run).count(),
            engine_ids: engines.iter().take(MAX_DRAINED_ENGINES_TOLD).map(|engine| engine.engine_id).collect(),
        }
    }
}
