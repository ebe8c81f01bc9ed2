//! What is answered on a connection beyond the limits: health checks as ever, and to everything else that there is no room.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::http::header;
use axum::routing::get;
use http_body_util::BodyExt;
use tokio::time::timeout;
use tower::ServiceExt;

use super::around;
use super::problem::Problem;

/// For what remains of a request's body.
const BODY_TIMEOUT: Duration = Duration::from_millis(500);

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

/// A body is read and thrown away: closed with bytes unread, the connection would be reset, and the reply lost with it.
async fn no_room(request: Request) -> Problem {
    // Whoever waits to be told to go on has not sent one.
    if !request.headers().contains_key(header::EXPECT) {
        timeout(BODY_TIMEOUT, discard(request.into_body())).await.ok();
    }
    Problem::overloaded("this server takes no more connections, or no more from this address: come back in a moment")
}

async fn discard(mut body: Body) {
    while !body.is_end_stream() && matches!(body.frame().await, Some(Ok(_))) {}
}
