//! How far a token reaches: its own engine, the events it brought, the engine types it is limited to. As far as path and
//! query tell; before a body is read.

use std::sync::Arc;

use super::input::Input;
use super::texts::parse_uuid;
use crate::broker::Error;
use crate::domain::access::{About, Operation, Permission};
use crate::domain::ids::{EngineId, EventId};
use crate::domain::tokens::Identity;
use crate::http::api::Api;
use crate::http::errors::{Code, Problem};

/// Refuses what the caller's token does not reach. What cannot be read is let pass: the handler says what is wrong.
pub async fn check(input: &Input, api: &Api) -> Result<(), Problem> {
    let Some(granted) = &input.caller.granted else {
        if api.access.settings.is_auth_required {
            // The middleware lets nothing pass without a word of its own.
            return Err(Problem::new(Code::Unauthenticated, "nobody let this request in"));
        }
        return Ok(());
    };
    let (Some(identity), Some(operation)) = (&granted.identity, granted.operation) else { return Ok(()) };
    check_named_engine(input, api, identity)?;
    check_what_it_is_about(input, api, identity, operation).await
}

/// Nobody speaks for an engine but its own token.
fn check_named_engine(input: &Input, api: &Api, identity: &Identity) -> Result<(), Problem> {
    let Some((_, named)) = input.named_engine() else { return Ok(()) };
    match (parse_uuid(&named).map(EngineId), identity.engine_id) {
        (Ok(named), Some(own)) if named != own => {
            Err(api.refuse(identity, "the token is another engine's than the one named by X-Engine-Id or engine_id"))
        }
        (Ok(_), None) => Err(api.refuse(identity, "the token is no engine's, and cannot speak for one")),
        (Ok(_), Some(_)) | (Err(_), _) => Ok(()),
    }
}

async fn check_what_it_is_about(
    input: &Input,
    api: &Api,
    identity: &Arc<Identity>,
    operation: Operation,
) -> Result<(), Problem> {
    let is_own_only = operation.permission(identity.role) == Permission::Own;
    match operation.about() {
        // Of everything, the middleware has judged already.
        About::Nothing | About::Everything | About::Handler => Ok(()),
        About::Queue => match input.path_text("engine_type") {
            Some(engine_type) => input.caller.may_reach(api, engine_type),
            None => Ok(()),
        },
        // A list that names no queue is narrowed by its handler.
        About::Query => match input.query_text("engine_type") {
            Some(engine_type) => input.caller.may_reach(api, engine_type),
            None => Ok(()),
        },
        About::Engine => match input.path_uuid("engine_id").map(EngineId) {
            Some(engine_id) if is_own_only && identity.engine_id != Some(engine_id) => {
                Err(api.refuse(identity, "an engine's token is for that engine, and no other"))
            }
            Some(engine_id) if identity.is_limited() => match api.broker.type_of_engine(engine_id).await? {
                Some(engine_type) if identity.reaches(&engine_type) => Ok(()),
                Some(_) => Err(hide(api, identity, Error::EngineNotFound(engine_id))),
                // It may be registered in between; then it is still none that the token is known to reach.
                None => Err(Error::EngineNotFound(engine_id).into()),
            },
            Some(_) | None => Ok(()),
        },
        About::Event => match input.path_uuid("event_id").map(EventId) {
            Some(event_id) if is_own_only || identity.is_limited() => {
                let scope = api.broker.scope_of_event(event_id).await?.ok_or(Error::EventNotFound(event_id))?;
                let is_anothers = is_own_only && scope.enqueued_by.as_deref() != Some(&*identity.name);
                if is_anothers || !identity.reaches(&scope.engine_type) {
                    return Err(hide(api, identity, Error::EventNotFound(event_id)));
                }
                Ok(())
            }
            Some(_) | None => Ok(()),
        },
    }
}

/// Refuses an engine or event that exists and is beyond the token's reach, with the reply for one that does not exist: an
/// id must not be tried out for whether it is somebody's.
fn hide(api: &Api, identity: &Identity, unknown: Error) -> Problem {
    api.count_refusal(identity);
    unknown.into()
}
