//! For those who run the service: retry policies of event types, tokens, the audit trail, health, the document.

mod event_types;
mod tokens;
mod audit;
/// How the database stands.
mod health;
/// The `OpenAPI` document, served.
mod document;
/// Whether the server is there and ready, and its metrics.
pub mod operations;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::api::Api;

/// The routes below `/api/v1`.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(event_types::list))
        .routes(routes!(event_types::get, event_types::put, event_types::delete))
        .routes(routes!(tokens::create, tokens::list))
        .routes(routes!(tokens::revoke))
        .routes(routes!(audit::list))
        .routes(routes!(health::database))
        .routes(routes!(document::serve_document))
}

/// The routes that stand for themselves.
pub fn plain_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(operations::healthz))
        .routes(routes!(operations::readyz))
        .routes(routes!(operations::metrics))
}
