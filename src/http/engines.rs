//! `/engines`: the registry, and what operators change.

mod register;
mod read;
mod patch;
mod drain;
/// Many at a time, as before a new version.
mod drain_many;
mod deregister;
mod heartbeat;
/// What an engine holds.
mod leases;
/// An engine, as readers see it.
mod reply;
/// What an engine says of itself, in a body.
mod metadata;
mod engine_id;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::api::Api;

/// Its routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(register::register, read::list))
        .routes(routes!(read::get, patch::patch, deregister::deregister))
        .routes(routes!(drain_many::drain_many))
        .routes(routes!(heartbeat::heartbeat))
        .routes(routes!(drain::drain))
        .routes(routes!(drain::resume))
        .routes(routes!(leases::leases))
}
