//! `/dashboard/`: the page for operators, by files of the program. All its addresses are relative, so that it works below
//! whatever path a proxy adds, and it reaches the service by the interface alone. The files have no data: nobody needs a token
//! for them.

mod served;
mod files;
#[cfg_attr(not(dashboard_from_disk), expect(dead_code, reason = "for the build script, which has made a table of it"))]
mod listing;

use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::accepted;
use super::errors::Problem;
use files::File;

/// The page, and what leads to it: links open these.
pub const PAGES: [&str; 3] = ["/", "/dashboard", "/dashboard/"];
/// The route of its files.
pub const FILES: &str = "/dashboard/{*file}";

/// With that the page's calls say whose they are.
const X_EVENTLEASE_DASHBOARD: HeaderName = HeaderName::from_static("x-eventlease-dashboard");

/// Whether the page sent a request, or a program that says so: a page of another site cannot.
pub fn has_sent(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(X_EVENTLEASE_DASHBOARD).iter();
    values.next().is_some_and(|value| value == "1") && values.next().is_none()
}

/// All routes.
pub fn paths() -> impl Iterator<Item = &'static str> {
    PAGES.into_iter().chain([FILES])
}

/// Scripts and styles of its own and no others; no markup made of text; nobody shows it in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

/// Not part of the document: it is for people.
pub fn add_to<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    let [root, without_slash, page_itself] = PAGES;
    router
        .route(root, get(to_dashboard_if_a_browser))
        .route(without_slash, get(async || to_dashboard()))
        .route(page_itself, get(page))
        .route(FILES, get(file))
}

/// Programs that ask for `/` are told that nothing is there, as ever.
async fn to_dashboard_if_a_browser(uri: Uri, headers: HeaderMap) -> Response {
    if accepted::prefers_html(&headers) { to_dashboard() } else { Problem::unknown_path(&uri).into_response() }
}

/// Relative: a proxy may have taken a part of the path away.
fn to_dashboard() -> Response {
    (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "dashboard/")]).into_response()
}

async fn page(uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    match served::newest().page() {
        Some(page) => Ok(reply(page, "no-store", &headers)),
        None => Err(Problem::unknown_path(&uri)),
    }
}

async fn file(uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let address = uri.path().strip_prefix("/dashboard/").unwrap_or_default();
    match served::current().file(address) {
        Some(file) => Ok(reply(file, "public, max-age=31536000, immutable", &headers)),
        // Also a file of another version, which the replica beside this one may have.
        None => Err(Problem::unknown_path(&uri)),
    }
}

fn reply(file: &File, cache: &'static str, asked: &HeaderMap) -> Response {
    const fn fixed(name: HeaderName, value: &'static str) -> (HeaderName, HeaderValue) {
        (name, HeaderValue::from_static(value))
    }
    let headers = [
        fixed(header::CONTENT_TYPE, file.content_type),
        fixed(header::CACHE_CONTROL, cache),
        fixed(header::VARY, "accept-encoding"),
        fixed(header::CONTENT_SECURITY_POLICY, POLICY),
        fixed(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        fixed(HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    ];
    if accepted::takes_gzip(asked) {
        (headers, [(header::CONTENT_ENCODING, "gzip")], file.gzip.clone()).into_response()
    } else {
        (headers, file.bytes.clone()).into_response()
    }
}
