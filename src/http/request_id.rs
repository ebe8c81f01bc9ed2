//! The id of a request: in its log lines, and in its reply.

use axum::extract::Request;
use axum::http::HeaderValue;

/// The header by which callers give the id, and replies show it.
pub const REQUEST_ID: &str = "x-request-id";
const MAX_REQUEST_ID_CHARS: usize = 64;

/// The caller's own id, if it is short and printable; else a new one.
pub fn request_id(request: &Request) -> HeaderValue {
    request
        .headers()
        .get(REQUEST_ID)
        .filter(|value| {
            let bytes = value.as_bytes();
            !bytes.is_empty() && bytes.len() <= MAX_REQUEST_ID_CHARS && bytes.iter().all(|b| (0x20..0x7f).contains(b))
        })
        .cloned()
        .unwrap_or_else(|| HeaderValue::from_str(&new_request_id().to_string()).expect("a UUID is printable ASCII"))
}

/// From the process's own generator: the usual one asks the system for every id.
fn new_request_id() -> uuid::Uuid {
    uuid::Builder::from_random_bytes(rand::random()).into_uuid()
}
