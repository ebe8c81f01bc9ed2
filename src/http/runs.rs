//! `/scenario-runs`: how runs stand, and cancelling them.

mod list;
mod read;
mod cancel;
/// A run, as readers see it.
mod reply;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::api::Api;

/// Its routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(read::get))
        .routes(routes!(cancel::cancel))
        .routes(routes!(cancel::reopen))
}
