//! `/redrive-jobs`: dead letters that the server puts back into their queues in steps.

mod create;
mod change;
mod read;
/// A job, as readers see it.
mod reply;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::api::Api;

/// Its routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(create::create, read::list))
        .routes(routes!(read::get))
        .routes(routes!(change::pause))
        .routes(routes!(change::go_on))
        .routes(routes!(change::cancel))
}
