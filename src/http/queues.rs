//! `/queues`: how they stand, and their settings.

mod read;
/// Why a queue grows.
mod explain;
mod patch;
mod pause;
/// What would be leased next.
mod peek;
mod removal;
mod quarantines;
/// A queue, as readers see it.
mod reply;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::api::Api;

pub use reply::{EnginesReply, PauseReply, RatesReply, SlotsReply, rounded};

/// Its routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(read::list))
        .routes(routes!(read::get, patch::patch, removal::delete))
        .routes(routes!(explain::explain))
        .routes(routes!(pause::pause))
        .routes(routes!(pause::resume))
        .routes(routes!(quarantines::add, quarantines::list, quarantines::lift))
        .routes(routes!(peek::peek))
}
