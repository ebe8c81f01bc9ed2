//! Who gets in: a middleware before all handlers tells who calls and looks into the table of `domain::access`. What
//! depends on the request's own words (an engine's id, an event's queue) is checked as it is read, in `reach`.

mod address;
mod attempts;
mod caller;
mod reach;
mod reason;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ipnet::IpNet;
use utoipa::openapi::OpenApi;

use super::problem::{Code, Problem};
use super::{Api, docs};
use crate::broker::known_tokens::Standing;
use crate::config::ForwardedHeader;
use crate::domain::access::{About, Grant, Openness, Operation};
use crate::domain::tokens::{Identity, TokenDigest};

pub use attempts::Attempts;
pub use caller::Caller;
pub use reason::Reason;

/// What an operator decided.
#[derive(Clone, Debug)]
pub struct AccessSettings {
    pub is_auth_required: bool,
    pub are_metrics_open: bool,
    pub are_docs_open: bool,
    pub trusted_proxies: Vec<IpNet>,
    /// The header by which they speak.
    pub forwarded_header: ForwardedHeader,
    pub max_failed_attempts_per_minute: u32,
    /// Names that a server without authentication answers to, beside local ones.
    pub allowed_hosts: Vec<String>,
}

/// The doorkeeper.
#[derive(Debug)]
pub struct Access {
    pub settings: AccessSettings,
    /// By path and method.
    operations: HashMap<String, Vec<(Method, Ruled)>>,
    attempts: Attempts,
    /// The OpenAPI document as these settings make it, once it was asked for.
    pub document: OnceLock<Bytes>,
}

/// What the table has of a documented operation.
#[derive(Clone, Copy, Debug)]
enum Ruled {
    By(Operation),
    /// It was forgotten, there or in the document: nobody may do it.
    Missing,
}

/// Whom the middleware let in.
#[derive(Clone, Debug)]
pub struct Granted {
    /// `None`: the path, or the method, is none of ours, and will be told so.
    pub operation: Option<Operation>,
    /// `None`: the operation is open.
    pub identity: Option<Arc<Identity>>,
    /// Of the token that was shown.
    pub digest: Option<TokenDigest>,
}

impl Access {
    #[must_use]
    pub fn new(settings: AccessSettings, document: &OpenApi) -> Self {
        let attempts = Attempts::per_minute(settings.max_failed_attempts_per_minute);
        Self { settings, operations: operations_of(document), attempts, document: OnceLock::new() }
    }

    /// What is known of the operation behind a route and a method; `None` where there is none.
    fn operation(&self, path: &str, method: &Method) -> Option<Ruled> {
        // The router answers HEAD as GET.
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        match self.operations.get(path) {
            // Of a method that is not there, the router tells.
            Some(methods) => methods.iter().find(|(known, _)| known == method).map(|(_, operation)| *operation),
            // A route that is not in the document, where nothing could be said of it.
            None => Some(Ruled::Missing),
        }
    }

    /// Whether it may be done without a token.
    pub fn is_open(&self, operation: Operation) -> bool {
        match operation.openness() {
            Openness::Closed => false,
            Openness::Open => true,
            Openness::AsMetrics => self.settings.are_metrics_open,
            Openness::AsDocs => self.settings.are_docs_open,
        }
    }

    /// Who really calls: the peer, or whom a trusted proxy speaks for.
    pub fn address(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        let settings = &self.settings;
        peer.map(|peer| address::real(peer, headers, &settings.trusted_proxies, settings.forwarded_header))
    }
}

fn operations_of(document: &OpenApi) -> HashMap<String, Vec<(Method, Ruled)>> {
    let documented = document.paths.paths.iter().map(|(path, item)| {
        let methods = [
            (Method::GET, &item.get),
            (Method::PUT, &item.put),
            (Method::POST, &item.post),
            (Method::DELETE, &item.delete),
            (Method::PATCH, &item.patch),
        ];
        let operations = methods.into_iter().filter_map(|(method, operation)| {
            let id = operation.as_ref()?.operation_id.as_deref();
            Some((method, id.and_then(Operation::parse).map_or(Ruled::Missing, Ruled::By)))
        });
        (path.clone(), operations.collect())
    });
    let docs = docs::paths().map(|path| (path.to_owned(), vec![(Method::GET, Ruled::By(Operation::ReadDocs))]));
    documented.chain(docs).collect()
}

/// The peer of a request's connection.
pub fn peer(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip().to_canonical())
}

/// Lets a request in, or answers it.
pub async fn admit(State(api): State<Api>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match check(&api, &parts).await {
        Ok(granted) => {
            parts.extensions.insert(granted);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn check(api: &Api, request: &Parts) -> Result<Granted, Problem> {
    let path = request.extensions.get::<MatchedPath>();
    let operation = path.and_then(|path| api.access.operation(path.as_str(), &request.method));
    if let Some(Ruled::By(operation)) = operation
        && api.access.is_open(operation)
    {
        return Ok(Granted { operation: Some(operation), identity: None, digest: None });
    }
    let (identity, digest) = identify(api, request).await.map_err(|refusal| {
        api.metrics.authentication_failures.with_label_values(&[refusal.reason.as_str()]).inc();
        *refusal.problem
    })?;
    let operation = match operation {
        Some(Ruled::By(operation)) => Some(operation),
        Some(Ruled::Missing) => return Err(refuse(api, &identity, "nobody may do this")),
        None => None,
    };
    if let Some(operation) = operation {
        if operation.grant(identity.role) == Grant::Nothing {
            count_refusal(api, &identity);
            return Err(Problem::of_role(identity.role, operation));
        }
        if operation.about() == About::Everything && identity.is_limited() {
            let detail = "this is about all engine types, and the token is limited to some; use one that is not";
            return Err(refuse(api, &identity, detail));
        }
    }
    Ok(Granted { operation, identity: Some(identity), digest: Some(digest) })
}

/// Counts a request that the caller's token does not allow.
fn count_refusal(api: &Api, identity: &Identity) {
    api.metrics.access_refusals.with_label_values(&[identity.role.as_str()]).inc();
}

/// Counts and words a refusal of somebody who is known.
pub fn refuse(api: &Api, identity: &Identity, detail: impl Into<String>) -> Problem {
    count_refusal(api, identity);
    Problem::new(Code::Forbidden, detail)
}

/// What `WWW-Authenticate` says of a token that is not good.
pub const INVALID_TOKEN: &str = r#"Bearer realm="eventlease", error="invalid_token""#;

/// Why nobody could be told from a request.
struct Unidentified {
    /// For the metric.
    reason: Reason,
    problem: Box<Problem>,
}

impl Unidentified {
    fn new(reason: Reason, detail: &str) -> Self {
        let challenge = if reason == Reason::Missing { r#"Bearer realm="eventlease""# } else { INVALID_TOKEN };
        let problem = Problem::new(Code::Unauthenticated, detail).with_header(header::WWW_AUTHENTICATE, challenge);
        Self { reason, problem: Box::new(problem) }
    }
}

async fn identify(api: &Api, request: &Parts) -> Result<(Arc<Identity>, TokenDigest), Unidentified> {
    let Some(shown) = request.headers.get(header::AUTHORIZATION) else {
        return Err(Unidentified::new(Reason::Missing, "a token is required, as Authorization: Bearer el_…"));
    };
    let token = shown.to_str().ok().and_then(bearer);
    let Some(digest) = token.and_then(TokenDigest::of) else {
        return Err(failed_attempt(api, request, Reason::Malformed, "that is no token of this service"));
    };
    let standing = match api.broker.known_token(&digest) {
        Some(standing) => Some(standing),
        None => look_again(api, request, &digest).await?,
    };
    match standing {
        Some(Standing::Good(identity)) => Ok((identity, digest)),
        // These were good once: nobody guesses them, so they are no attempts.
        Some(Standing::Expired) => Err(Unidentified::new(Reason::Expired, "the token has expired")),
        Some(Standing::Revoked) => {
            Err(Unidentified::new(Reason::Revoked, "the token was revoked, or replaced by a newer one"))
        }
        None => Err(failed_attempt(api, request, Reason::Unknown, "the token is not known")),
    }
}

/// The token of a header, whose scheme may be written in any case (RFC 7235).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A token that is not known may have been made a moment ago, by another replica.
async fn look_again(api: &Api, request: &Parts, digest: &TokenDigest) -> Result<Option<Standing>, Unidentified> {
    check_attempts(api, request)?;
    let attempt = api.access.attempts.begin(api.access.address(peer(&request.extensions), &request.headers));
    let standing = api.broker.unknown_token(digest).await;
    attempt.finish();
    standing.map_err(|error| Unidentified { reason: Reason::Database, problem: Box::new(Problem::from(error)) })
}

/// Whoever has shown too many tokens that do not exist waits, before anything else is done for it. A good token is let in
/// all the same: others may be behind the same address.
fn check_attempts(api: &Api, request: &Parts) -> Result<(), Unidentified> {
    let Some(address) = api.access.address(peer(&request.extensions), &request.headers) else { return Ok(()) };
    let Some(wait) = api.access.attempts.must_wait(address) else { return Ok(()) };
    let detail = "this address has shown too many tokens that do not exist";
    let problem = Problem::new(Code::RateLimited, detail).retry_after(wait);
    Err(Unidentified { reason: Reason::RateLimited, problem: Box::new(problem) })
}

fn failed_attempt(api: &Api, request: &Parts, reason: Reason, detail: &str) -> Unidentified {
    if let Err(limited) = check_attempts(api, request) {
        return limited;
    }
    if let Some(address) = api.access.address(peer(&request.extensions), &request.headers) {
        api.access.attempts.failed(address);
    }
    Unidentified::new(reason, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_operation_has_a_rule_and_every_rule_an_operation() {
        let operations = operations_of(&crate::http::document());
        let mut ruled: Vec<Operation> = Vec::new();
        for (path, methods) in &operations {
            for (method, operation) in methods {
                match operation {
                    Ruled::By(operation) => ruled.push(*operation),
                    Ruled::Missing => panic!("{method} {path} has no rule in domain/access.rs"),
                }
            }
        }
        for operation in Operation::ALL {
            assert!(ruled.contains(operation), "{operation:?} has a rule, and is no operation");
        }
    }

    #[test]
    fn a_route_that_is_not_in_the_document_is_nobodys() {
        let settings = AccessSettings {
            is_auth_required: true,
            are_metrics_open: false,
            are_docs_open: false,
            trusted_proxies: Vec::new(),
            forwarded_header: ForwardedHeader::XForwardedFor,
            max_failed_attempts_per_minute: 1,
            allowed_hosts: Vec::new(),
        };
        let access = Access::new(settings, &crate::http::document());
        let operation = |path, method| access.operation(path, &method);
        assert!(matches!(operation("/api/v1/tokens", Method::HEAD), Some(Ruled::By(Operation::ListTokens))));
        assert!(operation("/api/v1/tokens", Method::PUT).is_none());
        assert!(matches!(operation("/api/v1/tokens/{forgotten}", Method::GET), Some(Ruled::Missing)));
    }

    #[test]
    fn a_bearer_is_told_in_any_case() {
        assert_eq!(bearer("Bearer el_1"), Some("el_1"));
        assert_eq!(bearer("bearer  el_1 "), Some("el_1"));
        for other in ["el_1", "Basic el_1", "Bearerel_1", ""] {
            assert_eq!(bearer(other), None, "{other}");
        }
    }
}
