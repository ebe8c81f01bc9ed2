//! The HTTP surface: a folder a resource, below them what all of them are made of.
//!
//! Handlers read their input, call the broker, and map the answer; nothing else.

/// What is answered until the service is ready.
mod starting;
/// What is answered on a connection beyond the limits.
mod without_room;
/// What happens around every call: its id, its time limit, its log lines, unknown paths, panics.
mod around;
/// The series of counters that are there from the start.
mod counters;

/// How the whole service stands.
mod overview;
mod engines;
mod redrive_jobs;
mod dead_letters;
mod queues;
mod runs;
mod leases;
mod events;
mod admin;
/// Who is calling, and the sessions of browsers.
mod session;
/// What a client has to know of the server.
mod server;

/// Who gets in.
mod admission;
/// What pages of other sites may not.
mod browsers;
/// The bytes of replies that clients have not taken yet.
mod replies;
/// Lists, page by page.
mod pages;
/// Reading requests.
mod requests;
/// What handlers share.
mod api;
/// Who may do what, as the operator decided it.
mod access;
/// How a browser shows the token of its session.
mod session_cookie;
/// What the `OpenAPI` document says beside the annotations of handlers.
mod openapi;
/// Replies as it shows them.
mod examples;
/// A viewer of it.
mod docs;
/// The page for operators.
mod dashboard;
/// Paths with more before them.
mod path_prefix;
/// What a client is told when something is wrong.
mod errors;
/// Limits on requests and replies that an operator may change.
mod limits;
/// What people are told of the installation.
mod installation;
mod request_id;
/// Replies that show what the broker returns, member by member.
mod shown;
/// What clients say that they take.
mod accepted;
mod compressed;
mod security_headers;
mod traces;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use api::Api;

pub use access::{Access, AccessSettings};
pub use api::ApiParts;
pub use installation::InstallationSettings;
pub use limits::Limits;
pub use path_prefix::take_away as take_prefix_away;
pub use starting::starting;
pub use without_room::without_room;

/// Every route, with its part of the `OpenAPI` document.
fn routes() -> OpenApiRouter<Api> {
    let v1 = OpenApiRouter::new()
        .merge(engines::routes())
        .merge(events::routes())
        .merge(runs::routes())
        .merge(leases::routes())
        .merge(dead_letters::routes())
        .merge(redrive_jobs::routes())
        .merge(queues::routes())
        .merge(overview::routes())
        .merge(admin::routes())
        .merge(session::routes())
        .merge(server::routes());
    OpenApiRouter::with_openapi(openapi::base()).nest("/api/v1", v1).merge(admin::plain_routes())
}

/// The `OpenAPI` document, made from the handlers.
#[must_use]
pub fn document() -> OpenApi {
    let (_, mut document) = routes().split_for_parts();
    openapi::complete(&mut document);
    document
}

/// The service.
pub fn router(parts: ApiParts) -> Router {
    let api = Api::new(parts);
    counters::start(&api.metrics);
    let (router, _) = routes().split_for_parts();
    // A poll by HEAD would lease events and throw them away.
    let all_but_get = axum::routing::head(leases::poll::refuse_head).fallback(leases::poll::refuse_other_methods);
    let router = docs::add_to(router.route("/api/v1/events/queue/{engine_type}", all_but_get));
    let router = if api.installation.is_dashboard_served { dashboard::add_to(router) } else { router };
    around::wrap(router, api)
}
