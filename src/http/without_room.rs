//! What is answered on a connection beyond the limits: health checks as ever, and to everything else that there is no room.

use axum::Router;
use axum::extract::Request;
use axum::routing::get;
use tower::ServiceExt;

use super::around;
use super::errors::Problem;

/// Health checks go to the router that `current` returns.
pub fn without_room(current: impl Fn() -> Router + Clone + Send + Sync + 'static) -> Router {
    let check = get(move |request: Request| current().oneshot(request));
    let router = Router::new()
        .route("/healthz", check.clone())
        .route("/readyz", check)
        .fallback(no_room)
        .method_not_allowed_fallback(no_room);
    around::wrap_plain(router)
}

async fn no_room() -> Problem {
    Problem::overloaded("this server takes no more connections, or no more from this address: come back in a moment")
}
