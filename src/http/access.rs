//! Who may do what, as the operator decided it: the table of `domain::access`, by route and method.

/// Logins that failed, by address.
mod failed_logins;
/// Whose request it is, where proxies stand before the service.
mod address;
/// Why a request failed authentication.
mod reason;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, LazyLock};

use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap, Method};
use ipnet::IpNet;
use utoipa::openapi::OpenApi;

use super::{dashboard, docs, openapi};
use crate::config::ForwardedHeader;
use crate::domain::access::{Openness, Operation};
use crate::domain::tokens::{Identity, TokenDigest};
use failed_logins::FailedLogins;

pub use reason::Reason;

/// What an operator decided.
#[derive(Clone, Debug)]
pub struct AccessSettings {
    /// Callers must show a token, except where an operation is open.
    pub is_auth_required: bool,
    /// `/metrics` needs no token.
    pub are_metrics_open: bool,
    /// `/docs` and the OpenAPI document need no token.
    pub are_docs_open: bool,
    /// Networks whose forwarded-address header is trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// The header by which they speak.
    pub forwarded_header: ForwardedHeader,
    /// Unknown tokens that one address may show; beyond it, the answer is 429.
    pub max_failed_attempts_per_minute: u32,
    /// Names that a server without authentication answers to, beside local ones.
    pub allowed_hosts: Vec<String>,
}

impl AccessSettings {
    /// Whether it may be done without a token.
    pub fn is_open(&self, operation: Operation) -> bool {
        match operation.openness() {
            Openness::Closed => false,
            Openness::Open => true,
            Openness::AsMetrics => self.are_metrics_open,
            Openness::AsDocs => self.are_docs_open,
        }
    }
}

/// The rules of access, looked up by route.
#[derive(Debug)]
pub struct Access {
    /// What an operator decided.
    pub settings: AccessSettings,
    /// By path and method.
    operations: HashMap<String, Vec<(Method, Ruled)>>,
    /// Counted by address, against guessing.
    pub failed_logins: FailedLogins,
    /// The OpenAPI document as these settings make it; written once, since that takes a thousand times longer than to send it.
    document: LazyLock<Bytes, Box<dyn FnOnce() -> Bytes + Send>>,
}

/// What the table has of a documented operation.
#[derive(Clone, Copy, Debug)]
pub enum Ruled {
    /// It is this operation.
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
    /// Takes the operations from the document, and marks in it which of them need a token.
    #[must_use]
    pub fn new(settings: AccessSettings, mut document: OpenApi) -> Self {
        let failed_logins = FailedLogins::per_minute(settings.max_failed_attempts_per_minute);
        let operations = operations_of(&document);
        if settings.is_auth_required {
            openapi::require_tokens(&mut document, |operation| settings.is_open(operation));
        }
        let write = move || serde_json::to_vec(&document).expect("the document can be written as JSON").into();
        Self { settings, operations, failed_logins, document: LazyLock::new(Box::new(write)) }
    }

    /// The OpenAPI document, as JSON.
    pub fn document(&self) -> Bytes {
        self.document.clone()
    }

    /// What is known of the operation behind a route and a method; `None` where there is none.
    pub fn operation(&self, path: &str, method: &Method) -> Option<Ruled> {
        // The router answers HEAD as GET.
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        match self.operations.get(path) {
            // Of a method that is not there, the router tells.
            Some(methods) => methods.iter().find(|(known, _)| known == method).map(|(_, operation)| *operation),
            // A route that is not in the document, where nothing could be said of it.
            None => Some(Ruled::Missing),
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
    let dashboard =
        dashboard::paths().map(|path| (path.to_owned(), vec![(Method::GET, Ruled::By(Operation::ReadDashboard))]));
    documented.chain(docs).chain(dashboard).collect()
}

/// The peer of a request's connection.
pub fn peer(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip().to_canonical())
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
        let access = Access::new(settings, crate::http::document());
        let operation = |path, method| access.operation(path, &method);
        assert!(matches!(operation("/api/v1/tokens", Method::HEAD), Some(Ruled::By(Operation::ListTokens))));
        assert!(operation("/api/v1/tokens", Method::PUT).is_none());
        assert!(matches!(operation("/api/v1/tokens/{forgotten}", Method::GET), Some(Ruled::Missing)));
    }
}
