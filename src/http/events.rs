//! `/events`: producing, reading, rescheduling and cancelling events.

/// Taking events in, and how one is read.
pub mod enqueue;
/// What a producer is answered.
mod enqueued;
mod list;
mod read;
/// Why an event is not worked on.
mod explain;
/// The JSON of an event alone.
mod json;
mod wait;
mod change;
mod cancel_many;
mod reschedule;
mod cancel;
/// An event and its attempts, as readers see them.
pub mod reply;
/// What became of a follow-up event.
pub mod follow_up;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::api::Api;

/// Its routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(enqueue::enqueue, list::list))
        .routes(routes!(enqueue::enqueue_batch))
        .routes(routes!(read::get, change::change))
        .routes(routes!(explain::explain))
        .routes(routes!(json::payload))
        .routes(routes!(json::result))
        .routes(routes!(read::attempts))
        .routes(routes!(wait::wait))
        .routes(routes!(cancel::cancel))
        .routes(routes!(cancel_many::cancel_many))
        .routes(routes!(reschedule::reschedule))
}
