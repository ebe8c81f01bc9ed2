//! `/docs`: the `OpenAPI` document in a browser, by a viewer that is in the binary. Nothing comes
//! from elsewhere, and the policy sent along sees to it.

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// The page, what it needs, and the licence of the viewer (Redoc; see assets/docs).
const FILES: [(&str, &str, &[u8]); 5] = [
    ("/docs", "text/html; charset=utf-8", include_bytes!("../../assets/docs/index.html")),
    ("/docs/style.css", "text/css; charset=utf-8", include_bytes!("../../assets/docs/style.css")),
    ("/docs/start.js", "text/javascript; charset=utf-8", include_bytes!("../../assets/docs/start.js")),
    (
        "/docs/redoc.standalone.js",
        "text/javascript; charset=utf-8",
        include_bytes!("../../assets/docs/redoc.standalone.js"),
    ),
    (
        "/docs/redoc.standalone.js.LICENSE.txt",
        "text/plain; charset=utf-8",
        include_bytes!("../../assets/docs/redoc.standalone.js.LICENSE.txt"),
    ),
];

/// Only this server's own. The viewer writes its styles into the page and draws images it carries.
const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; worker-src blob:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// Where they are.
pub fn paths() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(path, ..)| *path)
}

/// Not part of the document: it is for people.
pub fn add_to<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    FILES.into_iter().fold(router, |router, (path, content_type, bytes)| {
        router.route(path, get(move || async move { file(content_type, bytes) }))
    })
}

fn file(content_type: &'static str, bytes: &'static [u8]) -> Response {
    const fn fixed(name: HeaderName, value: &'static str) -> (HeaderName, HeaderValue) {
        (name, HeaderValue::from_static(value))
    }
    let headers = [
        fixed(header::CONTENT_TYPE, content_type),
        fixed(header::CONTENT_SECURITY_POLICY, POLICY),
        fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        fixed(header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, bytes).into_response()
}
