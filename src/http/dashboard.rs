//! `/dashboard/`: the page for operators, by files of the program. All its addresses are relative, so that it works below
//! whatever path a proxy adds, and it reaches the service by the interface alone. The files have no data: nobody needs a token
//! for them.

mod listing;
mod files;
mod served;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::around::unknown_path;
use super::errors::Problem;

/// The routes: where people begin, and where the page and its files are.
pub const PATHS: [&str; 4] = ["/", "/dashboard", "/dashboard/", "/dashboard/{*file}"];

/// Scripts and styles of its own and no others; no markup made of text; nobody shows it in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

/// Not part of the document: it is for people.
pub fn add_to<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    let [root, without_slash, page_itself, file_below] = PATHS;
    router
        .route(root, get(to_dashboard_if_a_browser))
        .route(without_slash, get(async || to_dashboard()))
        .route(page_itself, get(page))
        .route(file_below, get(file))
}

/// Programs that ask for `/` are told that nothing is there, as ever.
async fn to_dashboard_if_a_browser(uri: Uri, headers: HeaderMap) -> Response {
    if prefers_html(&headers) { to_dashboard() } else { unknown_path(uri).await.into_response() }
}

/// Relative: a proxy may have taken a part of the path away.
fn to_dashboard() -> Response {
    (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "dashboard/")]).into_response()
}

async fn page(uri: Uri) -> Result<Response, Problem> {
    match served::newest().page() {
        Some(page) => Ok(reply("text/html; charset=utf-8", "no-store", page)),
        None => Err(unknown_path(uri).await),
    }
}

async fn file(uri: Uri) -> Result<Response, Problem> {
    let address = uri.path().strip_prefix("/dashboard/").unwrap_or_default();
    match served::current().file(address) {
        Some((content_type, bytes)) => Ok(reply(content_type, "public, max-age=31536000, immutable", bytes)),
        // Also a file of another version, which the replica beside this one may have.
        None => Err(unknown_path(uri).await),
    }
}

fn reply(content_type: &'static str, cache: &'static str, bytes: Bytes) -> Response {
    const fn fixed(name: HeaderName, value: &'static str) -> (HeaderName, HeaderValue) {
        (name, HeaderValue::from_static(value))
    }
    let headers = [
        fixed(header::CONTENT_TYPE, content_type),
        fixed(header::CACHE_CONTROL, cache),
        fixed(header::CONTENT_SECURITY_POLICY, POLICY),
        fixed(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        fixed(HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    ];
    (headers, bytes).into_response()
}

/// Whether HTML is named, and nothing that this interface speaks is wanted more. `*/*` names nothing.
fn prefers_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let accepted: Vec<(&str, f32)> = accepted.flat_map(|list| list.split(',')).filter_map(media_range).collect();
    let weight =
        |name: &str| accepted.iter().find(|(range, _)| range.eq_ignore_ascii_case(name)).map(|(_, weight)| *weight);
    let html = weight("text/html").unwrap_or(0.0);
    html > 0.0 && html >= weight("application/json").unwrap_or(0.0)
}

/// A media type and its weight, from `text/html;q=0.8`.
fn media_range(item: &str) -> Option<(&str, f32)> {
    let mut parts = item.split(';').map(str::trim);
    let name = parts.next()?;
    let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |weight| weight.parse().ok())?;
    Some((name, weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_prefer_html_and_programs_do_not() {
        for (accept, is_preferred) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("text/html", true),
            ("TEXT/HTML; q=0.5", true),
            ("application/json;q=0.9, text/html", true),
            ("application/json, text/html;q=0.9", false),
            ("text/html;q=0", false),
            ("text/html;q=x", false),
            ("*/*", false),
            ("text/*", false),
            ("application/json", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(prefers_html(&headers), is_preferred, "{accept}");
        }
        assert!(!prefers_html(&HeaderMap::new()));
    }
}
