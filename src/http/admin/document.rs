//! `/openapi.json`: the document, as this server's settings make it.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;

use crate::http::api::Api;

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "read_openapi_document", tag = "operations",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value))
)]
pub async fn serve_document(State(api): State<Api>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], api.access.document())
}
