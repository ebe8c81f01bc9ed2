//! `POST /engines` and `DELETE /engines/{engine_id}`: an engine comes and goes.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::metadata::{MetadataBody, read_metadata};
use super::reply::EngineReply;
use crate::broker;
use crate::domain::engine::Registration;
use crate::domain::ids::EngineId;
use crate::domain::limits::{MAX_HEARTBEAT_TIMEOUT_SECONDS, MAX_MAY_ENQUEUE, MIN_HEARTBEAT_TIMEOUT_SECONDS};
use crate::domain::names::{EngineType, ScenarioRunId};
use crate::domain::tokens::TokenSecret;
use crate::http::api::Api;
use crate::http::errors::{Errors, InputPlace, Problem};
use crate::http::requests::members::{ScenarioRunIdBody, scenario_run_id};
use crate::http::requests::values::{integer, parsed, uuid};
use crate::http::requests::{Fields, Input, Patch, described};
use crate::http::server::ServerReply;

described! {
    /// An engine that makes itself known.
    #[schema(as = Registration, example = json!({
        "engine_type": "dialogue", "heartbeat_timeout_seconds": 45,
        "metadata": {"static_config": {
            "capabilities": ["dialogue_generation"], "resource_limits": {"max_concurrent_events": 5},
            "engine_software_version": "1.0.0"
        }}
    }))]
    pub struct RegisterBody<'a> of fields: Fields<'a> {
        /// Best chosen by the engine itself and kept over its restarts; made by the server where missing.
        engine_id: Option<uuid::Uuid> = optional(id_of_an_engine),
        #[schema(example = "dialogue")]
        engine_type: Option<EngineType> as String = required(parsed(EngineType::parse)),
        scenario_run_id: Option<ScenarioRunId> as Option<ScenarioRunIdBody> = optional(scenario_run_id),
        /// Seconds without any call after which the engine is unresponsive, and its leases end if it has sent a heartbeat since it
        /// registered; if not, they end when they expire. Left out: the server's own,
        /// 45 unless configured otherwise. Null: the engine is never unresponsive, its
        /// leases end when they expire, and it is removed after 7 days without any call if it holds nothing.
        heartbeat_timeout_seconds: Patch<u32> as Option<u32> =
            patch(integer(MIN_HEARTBEAT_TIMEOUT_SECONDS..=MAX_HEARTBEAT_TIMEOUT_SECONDS)),
        /// The queues beside its own into which the engine may enqueue follow-up events. With authentication, the token must
        /// reach them; the engine's own token can give some up, and where it leaves this out, all stay. Without
        /// authentication, every engine may enqueue into all.
        may_enqueue: Option<Vec<EngineType>> as Option<Vec<String>> =
            items(MAX_MAY_ENQUEUE, |raw| parsed(EngineType::parse)(raw)),
        metadata: Option<Fields<'a>> as Option<MetadataBody> = object(),
    }
}

/// Programs that forget to choose an id send one of these, and would all be the same engine.
fn id_of_an_engine(raw: &RawValue) -> Result<uuid::Uuid, String> {
    let engine_id = uuid(raw)?;
    if engine_id.is_nil() || engine_id.is_max() {
        return Err("is the nil or the max UUID, which is no engine's id".to_owned());
    }
    Ok(engine_id)
}

/// Registers an engine. A known id means that it restarted: its incarnation goes up, and what its
/// former life still held is lost at once.
#[utoipa::path(
    post, path = "/engines", operation_id = "register_engine", tag = "engines", request_body = RegisterBody,
    responses(
        (status = 201, description = "Registered", body = RegisteredReply),
        (status = 200, description = "Registered again", body = RegisteredReply),
        (status = 409, description = "The id belongs to an engine of another type"),
    )
)]
pub async fn register(State(api): State<Api>, input: Input) -> Result<Response, Problem> {
    let registration = read_registration(&input)?;
    input.caller.may_register(&api, registration.engine_id, &registration.engine_type)?;
    check_may_enqueue(&input, &api, &registration)?;
    let registered = match api.broker.register(&input.actor(&api), &registration).await {
        // The type of an engine beyond the token's reach is none of the caller's business.
        Err(broker::Error::EngineIdTaken { engine_id, registered }) if !input.caller.reaches(&registered) => {
            return Err(Problem::engine_id_taken(engine_id));
        }
        registered => registered?,
    };
    let status = if registered.is_new { StatusCode::CREATED } else { StatusCode::OK };
    let reply = RegisteredReply {
        engine: EngineReply::of(registered.engine),
        engine_token: registered.engine_token,
        server: ServerReply::of(&api),
    };
    Ok((status, [(header::CACHE_CONTROL, "no-store")], Json(reply)).into_response())
}

/// Refuses queues in `may_enqueue` that the token does not reach, and names them all.
fn check_may_enqueue(input: &Input, api: &Api, registration: &Registration) -> Result<(), Problem> {
    let Some(identity) = input.caller.identity() else { return Ok(()) };
    let errors = Errors::default();
    let asked = registration.may_enqueue.iter().flatten().enumerate();
    for (index, engine_type) in asked.filter(|(_, engine_type)| !identity.reaches(engine_type.as_str())) {
        let detail = format!("the token is limited to other engine types than {engine_type}");
        errors.add(InputPlace::Pointer(format!("/may_enqueue/{index}")), detail);
    }
    let errors = errors.take();
    if errors.is_empty() {
        return Ok(());
    }
    Err(api.refuse(identity, "may_enqueue names queues that the token does not reach").at(errors))
}

fn read_registration(input: &Input) -> Result<Registration, Problem> {
    let reader = input.reader();
    let read = reader.body()?.and_then(|fields| {
        let body = fields.exactly(RegisterBody::take);
        let mut heartbeat_timeout_seconds = Some(input.limits.heartbeat_timeout_seconds);
        body.heartbeat_timeout_seconds.apply(&mut heartbeat_timeout_seconds);
        let metadata = read_metadata(body.metadata.as_ref());
        Some(Registration {
            engine_id: EngineId(body.engine_id.unwrap_or_else(uuid::Uuid::new_v4)),
            engine_type: body.engine_type?,
            scenario_run_id: body.scenario_run_id,
            heartbeat_timeout_seconds,
            may_enqueue: body.may_enqueue,
            metadata,
        })
    });
    reader.finish(|| read)
}

/// An engine that has registered.
#[derive(Serialize, ToSchema)]
#[schema(as = RegisteredEngine)]
pub struct RegisteredReply {
    #[serde(flatten)]
    engine: EngineReply,
    /// With authentication, what the engine is to show as `Authorization: Bearer …` from now on. It cannot be read again,
    /// and what the engine had before has ended; the one it has shown ends a minute later.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false, pattern = "^el_[0-9a-f]{64}$")]
    engine_token: Option<TokenSecret>,
    server: ServerReply,
}

/// Removes an engine. Leaving by itself (`X-Engine-Id`) or while draining, its leases go back and
/// spend nothing; otherwise they are silent losses.
#[utoipa::path(
    delete, path = "/engines/{engine_id}", operation_id = "deregister_engine", tag = "engines",
    params(
        ("engine_id" = uuid::Uuid, Path, description = "The engine"),
        ("X-Engine-Id" = Option<uuid::Uuid>, Header, description = "Who says so: the engine itself, or not"),
        ("X-Engine-Incarnation" = Option<String>, Header, description = "The incarnation that is meant; any other than the registered one is refused"),
    ),
    responses(
        (status = 204, description = "Gone"),
        (status = 404, description = "Not registered"),
        (status = 409, description = "The engine has registered again"),
        (status = 422, description = "Not a UUID"),
    )
)]
pub async fn deregister(State(api): State<Api>, input: Input) -> Result<StatusCode, Problem> {
    let (engine_id, incarnation) = input.read_engine()?;
    api.broker.deregister(&input.actor(&api), engine_id, incarnation, input.calling_engine()).await?;
    Ok(StatusCode::NO_CONTENT)
}
