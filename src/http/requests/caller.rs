//! Who calls, as handlers see it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::Extensions;

use crate::broker::Error;
use crate::domain::access::Permission;
use crate::domain::ids::EngineId;
use crate::domain::names::EngineType;
use crate::domain::tokens::Identity;
use crate::http::access::{Granted, peer};
use crate::http::api::Api;
use crate::http::errors::Problem;

/// The token's bearer; anybody, where authentication is off.
#[derive(Debug)]
pub struct Caller {
    /// What was allowed after authentication; `None` where authentication is off.
    pub granted: Option<Granted>,
    /// The address at the other end of the connection; `None` where a test calls the router without one.
    pub peer: Option<IpAddr>,
}

impl Caller {
    /// Takes what the middleware left with the request.
    pub fn of(extensions: &mut Extensions) -> Self {
        Self { granted: extensions.remove::<Granted>(), peer: peer(extensions) }
    }

    /// `None` where authentication is off, or the operation open.
    pub fn identity(&self) -> Option<&Arc<Identity>> {
        self.granted.as_ref()?.identity.as_ref()
    }

    /// Refuses where the token has ended since the request was let in: it was revoked, replaced, or has expired.
    pub fn check_still_good(&self, api: &Api) -> Result<(), Problem> {
        let shown = self.granted.as_ref().and_then(|granted| granted.digest);
        match shown.map(|digest| api.broker.known_token(&digest)) {
            Some(None) => Err(Problem::from(Error::TokenEnded)),
            Some(Some(status)) => status.check().map(|_| ()).map_err(Problem::from),
            None => Ok(()),
        }
    }

    /// The outcome of a wait, unless the token ended meanwhile.
    pub fn after_wait<T, E: Into<Problem>>(&self, api: &Api, outcome: Result<T, E>) -> Result<T, Problem> {
        self.check_still_good(api)?;
        outcome.map_err(Into::into)
    }

    /// The caller's name, where it is allowed to have to do with its own only.
    pub fn only_its_own(&self) -> Option<&Arc<Identity>> {
        let granted = self.granted.as_ref()?;
        let identity = granted.identity.as_ref()?;
        (granted.operation?.permission(identity.role) == Permission::Own).then_some(identity)
    }

    /// The engine types that the token is limited to.
    pub fn engine_types(&self) -> Option<&[String]> {
        self.identity()?.engine_types.as_deref()
    }

    /// Whether the token's limit, if it has one, includes that engine type.
    pub fn reaches(&self, engine_type: &str) -> bool {
        self.identity().is_none_or(|identity| identity.reaches(engine_type))
    }

    /// Refuses an engine type that the token's limit does not include.
    pub fn may_reach(&self, api: &Api, engine_type: &str) -> Result<(), Problem> {
        match self.identity() {
            Some(identity) if !identity.reaches(engine_type) => {
                Err(api.refuse(identity, format!("the token is limited to other engine types than {engine_type}")))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Narrows a filter that names no engine type to those of the token's limit, if it has one; refuses a filter that names one
    /// beyond the limit. A single type is named as such, since statements find it by their indexes.
    pub fn narrow(
        &self,
        api: &Api,
        engine_type: &mut Option<String>,
        engine_types: &mut Option<Vec<String>>,
    ) -> Result<(), Problem> {
        match (engine_type.as_deref(), self.engine_types()) {
            (Some(named), _) => return self.may_reach(api, named),
            (None, Some([only])) => *engine_type = Some(only.clone()),
            (None, limit) => *engine_types = limit.map(<[String]>::to_vec),
        }
        Ok(())
    }

    /// Whether it may register that engine: an engine's own token, only itself.
    pub fn may_register(&self, api: &Api, engine_id: EngineId, engine_type: &EngineType) -> Result<(), Problem> {
        match self.only_its_own() {
            Some(identity) if identity.engine_id != Some(engine_id) => {
                Err(api.refuse(identity, "an engine's token registers that engine again, and no other"))
            }
            Some(_) | None => self.may_reach(api, engine_type.as_str()),
        }
    }
}
