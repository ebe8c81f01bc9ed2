//! `/dead-letters`: events that ended without success, read, redriven and purged.

/// Many at a time.
mod bulk;
mod redrive;
mod groups;
mod read;
/// Which dead letters are meant.
pub mod filter;
/// A dead letter, as readers see it.
mod reply;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::api::Api;

/// Its routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(read::list))
        .routes(routes!(read::get, read::discard))
        .routes(routes!(groups::groups))
        .routes(routes!(redrive::redrive))
        .routes(routes!(bulk::redrive_many))
        .routes(routes!(bulk::purge_many))
}
