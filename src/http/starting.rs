//! What is answered from the moment the port is bound until the service is ready.

use axum::Router;
use axum::http::header;
use axum::routing::get;

use super::admin::operations;
use super::errors::{Code, Problem};
use super::{around, dashboard};

/// The process is there, so `/healthz` says, and the page can be opened if it is served at all; nothing else can be asked yet.
pub fn starting(is_dashboard_served: bool) -> Router {
    let router = Router::new()
        .route("/healthz", get(operations::healthz))
        .fallback(not_yet)
        .method_not_allowed_fallback(around::wrong_method);
    let router = if is_dashboard_served { dashboard::add_to(router) } else { router };
    around::wrap_plain(router)
}

async fn not_yet() -> Problem {
    Problem::new(Code::DatabaseUnavailable, "the server is starting; repeat the call in a moment, as it was")
        .with_header(header::RETRY_AFTER, "1")
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::{Request, StatusCode};
    use tower::ServiceExt;

    use super::starting;

    #[tokio::test]
    async fn only_the_process_itself_is_reported_as_well() {
        for (method, path, status) in [
            ("GET", "/healthz", StatusCode::OK),
            ("HEAD", "/healthz", StatusCode::OK),
            ("POST", "/healthz", StatusCode::METHOD_NOT_ALLOWED),
            ("GET", "/readyz", StatusCode::SERVICE_UNAVAILABLE),
            ("GET", "/metrics", StatusCode::SERVICE_UNAVAILABLE),
            ("POST", "/api/v1/events", StatusCode::SERVICE_UNAVAILABLE),
            ("GET", "/no/such/path", StatusCode::SERVICE_UNAVAILABLE),
        ] {
            let request = Request::builder().method(method).uri(path).header("x-request-id", "mine");
            let reply = starting(true).oneshot(request.body(Body::empty()).expect("a request")).await.expect("a reply");
            assert_eq!(reply.status(), status, "{method} {path}");
            assert_eq!(reply.headers()["x-request-id"], "mine");
            assert_eq!(reply.headers()["cache-control"], "no-store");
            if status == StatusCode::SERVICE_UNAVAILABLE {
                assert_eq!(reply.headers()["retry-after"], "1");
                let body = to_bytes(reply.into_body(), 4096).await.expect("a body");
                let problem: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
                assert_eq!(problem["code"], "database_unavailable");
                assert!(problem["detail"].as_str().expect("a text").starts_with("the server is starting"), "{problem}");
            }
        }
    }
}
