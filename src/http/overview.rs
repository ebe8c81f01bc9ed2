//! How the whole service stands.

/// `GET /overview`.
mod read;
/// `If-None-Match`.
mod entity_tags;
/// How queues stood, minute by minute.
mod history;
/// The service and its queues, as an overview shows them.
mod reply;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::api::Api;

/// Its routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(read::overview))
        .routes(routes!(history::of_all))
        .routes(routes!(history::of_queue))
}
