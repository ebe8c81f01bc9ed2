//! `/events/queue` and `/events/{event_id}/status`: leasing events, renewing and settling leases.

/// Settling and leasing in one call.
mod exchange;
/// Leasing: a poll.
pub mod poll;
mod settle;
/// Lists of settlements, each with a verdict of its own.
mod entries;
/// A settlement in a body.
mod settlement;
/// What a report is answered.
mod settled;
/// What a poll is answered.
mod reply;
/// What a renewed lease is answered.
pub mod renewal;
/// An event in an engine's hands.
pub mod leased_event;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::api::Api;

/// Its routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(poll::lease))
        .routes(routes!(exchange::exchange))
        .routes(routes!(settle::settle))
        .routes(routes!(settle::settle_many))
}
