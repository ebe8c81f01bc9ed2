//! A request's parts: path, query, headers, body, and who sent it.

use std::borrow::Cow;

use axum::extract::RawPathParams;
use axum::http::HeaderMap;
use bytestring::ByteString;

use super::body::HeldBody;
use super::caller::Caller;
use super::texts::parse_uuid;
use crate::domain::audit::Actor;
use crate::domain::ids::EngineId;
use crate::domain::requester::Requester;
use crate::http::api::Api;
use crate::http::dashboard;
use crate::http::errors::InputPlace;
use crate::http::limits::Limits;
use crate::http::request_id::REQUEST_ID;

const ENGINE_ID_HEADER: &str = "x-engine-id";
/// The parameter that names an engine, in a path or a query.
pub const ENGINE_ID_PARAMETER: &str = "engine_id";

/// A whole request, its body within the limit.
#[derive(Debug)]
pub struct Input {
    /// The parameters of the path, decoded.
    pub path: RawPathParams,
    /// The parameters of the query, in their order.
    pub query: Vec<QueryParameter>,
    /// The headers, as they were sent.
    pub headers: HeaderMap,
    /// The body; empty if there is none.
    pub body: HeldBody,
    /// Who sent it.
    pub caller: Caller,
    /// What its body may hold.
    pub limits: Limits,
}

/// A parameter of a query.
#[derive(Debug)]
pub struct QueryParameter {
    /// Its name, decoded.
    pub name: String,
    /// Its value, decoded; empty where there is no `=`.
    pub value: String,
    /// The value was written with a +, which stands for a space in a query. Callers do not always know that.
    pub has_plus: bool,
}

/// The parameters of a query, in their order.
pub fn read_query(query: &str) -> Vec<QueryParameter> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts
        .flat_map(|part| {
            let has_plus = part.split_once('=').is_some_and(|(_, value)| value.contains('+'));
            url::form_urlencoded::parse(part.as_bytes()).into_owned().map(move |(name, value)| QueryParameter {
                name,
                value,
                has_plus,
            })
        })
        .collect()
}

impl Input {
    /// The engine that calls: the token's; where there is no authentication, the one named.
    pub fn calling_engine(&self) -> Option<EngineId> {
        match self.caller.identity() {
            Some(identity) => identity.engine_id,
            None => self.named_engine().and_then(|(_, text)| parse_uuid(&text).ok()).map(EngineId),
        }
    }

    /// Who asks for a change, for the audit trail.
    pub fn actor(&self, api: &Api) -> Actor {
        let request_id = self.headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
        let address = api.access.address(self.caller.peer, &self.headers);
        let is_by_dashboard = dashboard::has_sent(&self.headers);
        match self.caller.identity() {
            Some(identity) => Actor {
                name: identity.name.to_string(),
                token_id: Some(identity.token_id),
                role: Some(identity.role),
                address,
                request_id,
                is_by_dashboard,
            },
            None => Actor { address, request_id, is_by_dashboard, ..Actor::named(Actor::ANONYMOUS) },
        }
    }

    /// By whose quota something new is made.
    pub fn requester(&self, api: &Api) -> Requester {
        let identity = self.caller.identity().map(|identity| &**identity);
        Requester::new(identity, api.access.address(self.caller.peer, &self.headers))
    }

    /// A parameter of the path; `None` where the route has none of that name.
    pub fn path_text(&self, name: &str) -> Option<&str> {
        self.path.iter().find(|(known, _)| *known == name).map(|(_, text)| text)
    }

    /// A parameter of the path, where it is a UUID.
    pub fn path_uuid(&self, name: &str) -> Option<uuid::Uuid> {
        self.path_text(name).and_then(|text| parse_uuid(text).ok())
    }

    /// A parameter of the query; the first, where there are several.
    pub fn query_text(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|known| known.name == name).map(|known| known.value.as_str())
    }

    /// Drops everything but the caller, so that a call that waits holds no body.
    pub fn into_caller(self) -> Caller {
        self.caller
    }

    /// The body, decompressed.
    pub const fn text(&self) -> &ByteString {
        self.body.text()
    }

    /// Whether the caller is, or says that it is, an engine.
    pub fn names_engine(&self) -> bool {
        self.caller.identity().is_some_and(|identity| identity.engine_id.is_some()) || self.named_engine().is_some()
    }

    /// The engine that the caller says it is, and where it says so.
    pub fn named_engine(&self) -> Option<(InputPlace, Cow<'_, str>)> {
        if let Some(value) = self.headers.get(ENGINE_ID_HEADER) {
            let text = value.to_str().unwrap_or("?");
            return Some((InputPlace::Header("X-Engine-Id".to_owned()), Cow::Borrowed(text)));
        }
        let value = self.query_text(ENGINE_ID_PARAMETER)?;
        Some((InputPlace::Parameter(ENGINE_ID_PARAMETER.to_owned()), Cow::Borrowed(value)))
    }
}
