//! `/engines`: the registry, and what operators change.

mod register;
mod read;
mod summary;
mod patch;
mod drain;
mod token;
mod heartbeat;
/// An engine, as readers see it.
mod reply;
/// What an engine says of itself, in a body.
mod metadata;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::api::Api;

/// Its routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(register::register, read::list))
        .routes(routes!(summary::summarize))
        .routes(routes!(read::get, patch::patch, register::deregister))
        .routes(routes!(drain::drain_many))
        .routes(routes!(heartbeat::heartbeat))
        .routes(routes!(drain::drain))
        .routes(routes!(drain::resume))
        .routes(routes!(token::renew))
        .routes(routes!(read::leases))
}
