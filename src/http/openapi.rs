//! What the `OpenAPI` document says beside the annotations of handlers: what holds for every operation, said once.

/// Objects made of several parts become plain ones.
mod merging;
/// Names of schemas.
mod names;
/// The bodies of requests, as strict as they are read.
mod requests;
/// Which operations take a token.
mod security;
/// The problems that every call may be answered with.
mod problems;
/// Headers, parameters, the address of the server.
mod completion;
/// Where one call's reply leads to the next.
mod links;
/// Replies, as clients may meet them from a later server.
mod replies;
/// The bounds of members and parameters.
mod bounds;
/// Walking through the document.
mod walk;

use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;

use crate::http::errors::ProblemBody;

pub use security::require as require_tokens;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "EventLease",
        description = "An engine registry and a lease-based event queue. Delivery is at least once, in no order to rely on; the lease token fences. \
                       Bodies of requests may be compressed, with `Content-Encoding: gzip`; limits on their size hold for what they expand to.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(ProblemBody)),
    tags(
        (name = "events", description = "Producing and reading events"),
        (name = "scenario runs", description = "Events that belong together: how they stand, and cancelling them"),
        (name = "leases", description = "Leasing events and settling them"),
        (name = "engines", description = "The engine registry"),
        (name = "dead letters", description = "Events that ended without success"),
        (name = "redrive jobs", description = "Dead letters put back into their queues in steps"),
        (name = "queues", description = "How deep they are, and their settings"),
        (name = "retry policies", description = "Per event type"),
        (name = "tokens", description = "Who may do what"),
        (name = "audit", description = "What operators and admins changed"),
        (name = "operations", description = "Running the service"),
    )
)]
struct Base;

/// What the document says of itself; the handlers add their operations.
pub fn base() -> OpenApi {
    Base::openapi()
}

/// Adds what holds for every operation to what the handlers say.
pub fn complete(document: &mut OpenApi) {
    merging::merge(document);
    names::give(document);
    requests::close(document);
    problems::add(document);
    security::add(document);
    problems::complete(document);
    completion::complete(document);
    links::add(document);
    replies::complete(document);
}
