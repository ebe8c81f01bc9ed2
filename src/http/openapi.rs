//! The `OpenAPI` document, made from the handlers.

mod completion;
mod links;
mod merging;
mod names;
mod replies;
mod requests;
mod schemas;
mod security;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use utoipa::OpenApi;

use super::{Access, Api};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "EventLease",
        description = "An engine registry and a lease-based event queue. Delivery is at least once, in no order to rely on; the lease token fences. \
                       Bodies of requests may be compressed, with `Content-Encoding: gzip`; limits on their size hold for what they expand to.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "events", description = "Producing and reading events"),
        (name = "leases", description = "Leasing events and settling them"),
        (name = "engines", description = "The engine registry"),
        (name = "dead letters", description = "Events that ended without success"),
        (name = "queues", description = "How deep they are, and their settings"),
        (name = "retry policies", description = "Per event type"),
        (name = "tokens", description = "Who may do what"),
        (name = "audit", description = "What operators and admins changed"),
        (name = "operations", description = "Running the service"),
    )
)]
struct Base;

pub fn base() -> utoipa::openapi::OpenApi {
    Base::openapi()
}

/// The whole document.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let (_, mut document) = super::routes_with_document().split_for_parts();
    merging::merge(&mut document);
    names::give(&mut document);
    requests::close(&mut document);
    security::add(&mut document);
    completion::complete(&mut document);
    links::add(&mut document);
    replies::complete(&mut document);
    document
}

/// The document of a server that requires tokens, or does not.
fn document_of(access: &Access) -> utoipa::openapi::OpenApi {
    let mut document = document();
    if access.settings.is_auth_required {
        security::require(&mut document, |operation| access.is_open(operation));
    }
    document
}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "read_openapi_document", tag = "operations",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value))
)]
pub async fn serve_document(State(api): State<Api>) -> impl IntoResponse {
    // Made once: it takes a thousand times longer than to send it.
    let access = &api.access;
    let write = || serde_json::to_vec(&document_of(access)).expect("the document can be written as JSON").into();
    let document: Bytes = access.document.get_or_init(write).clone();
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], document)
}
