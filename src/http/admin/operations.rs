//! `/healthz`, `/readyz`, `/metrics`: for those who run the service.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::api::Api;
use crate::http::errors::{Code, Later, Problem};

#[derive(Serialize, ToSchema)]
pub struct Health {
    status: &'static str,
}

/// Without the version: these replies are open to everybody, and the OpenAPI document has it.
const HEALTHY: Health = Health { status: "ok" };

/// The process is there. Says nothing of the database.
#[utoipa::path(
    get, path = "/healthz", operation_id = "check_health", tag = "operations",
    responses((status = 200, description = "It is", body = Health))
)]
pub async fn healthz() -> Json<Health> {
    Json(HEALTHY)
}

/// This replica has written to the database within the last five seconds, and the server is not about to stop. Needs no
/// connection to answer.
#[utoipa::path(
    get, path = "/readyz", operation_id = "check_readiness", tag = "operations",
    responses(
        (status = 200, description = "Ready", body = Health),
        (status = 503, description = "Not ready"),
    )
)]
pub async fn readyz(State(api): State<Api>) -> Result<Json<Health>, Problem> {
    if api.stop_announced.is_cancelled() {
        return Err(Problem::new(Code::ShuttingDown, "the server is about to stop; it still answers")
            .retry_later(Later::Stopping));
    }
    if api.broker.is_ready() {
        Ok(Json(HEALTHY))
    } else {
        let detail = "this replica has written nothing to the database for more than five seconds";
        Err(Problem::new(Code::DatabaseUnavailable, detail).with_header(header::RETRY_AFTER, "1"))
    }
}

/// What Prometheus scrapes.
#[utoipa::path(
    get, path = "/metrics", operation_id = "read_metrics", tag = "operations",
    responses((status = 200, description = "Prometheus's text format", body = String, content_type = "text/plain"))
)]
pub async fn metrics(State(api): State<Api>) -> Response {
    let content_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (StatusCode::OK, content_type, api.broker.render_metrics()).into_response()
}
