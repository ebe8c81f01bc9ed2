//! The HTTP surface: one file a resource, each with its request types, handlers and reply types.
//!
//! Handlers read their input, call the broker, and map the answer; nothing else.

mod access;
mod around;
mod audit;
mod body;
mod browsers;
mod cancel;
mod counters;
mod dead_letters;
mod docs;
mod engines;
mod enqueue;
mod event_list;
mod event_types;
mod events;
mod fields;
mod health;
mod heartbeat;
mod input;
mod lease;
mod leased_event;
mod limit;
mod openapi;
mod operations;
mod pages;
mod policies;
mod problem;
mod queue_report;
mod queues;
mod replies;
mod security_headers;
mod settle;
mod starting;
mod tokens;
mod traces;
mod without_room;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::broker::Broker;
use crate::metrics::Metrics;
use crate::supervisor::Supervisor;

pub use access::{Access, AccessSettings};
use fields::JsonLimit;
pub use openapi::document;
use problem::{Cause, Problem, ProblemBody};
pub use starting::starting;
pub use without_room::without_room;

/// What handlers share.
#[derive(Clone, Debug)]
pub struct Api {
    pub broker: Arc<Broker>,
    pub metrics: Arc<Metrics>,
    pub supervisor: Supervisor,
    pub limits: Limits,
    pub access: Arc<Access>,
    /// Cancelled when the server is about to stop: it is not ready then, and still answers.
    pub stop_announced: CancellationToken,
}

impl Api {
    /// A problem as an entry of a reply that answers several; what is refused for a limit is counted, and what the service
    /// could not carry out is logged.
    fn told(&self, problem: Problem) -> ProblemBody {
        if let Some(limit) = problem.limit() {
            self.metrics.limits_met.with_label_values(&[limit.as_str()]).inc();
        }
        if let Some(Cause(error)) = problem.cause() {
            self.broker.troubles().note_refusal(error);
        }
        problem.into_body()
    }
}

/// Limits and defaults an operator may change, as far as requests meet them.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub max_body_bytes: usize,
    pub max_payload_bytes: usize,
    pub max_detail_bytes: usize,
    pub max_json_depth: usize,
    /// Of all bodies that are held at once.
    pub max_bodies_bytes: usize,
    /// Of all replies to reading calls that clients have not taken yet; and of all others.
    pub max_replies_bytes: usize,
    pub body_timeout: Duration,
    /// For a whole call, without what its body may take and what it may wait for events.
    pub call_timeout: Duration,
    pub default_visibility_timeout_seconds: u32,
    pub default_max_lease_seconds: u32,
    pub default_lease_limit: u32,
    pub heartbeat_timeout_seconds: u32,
    pub are_lease_tokens_optional: bool,
}

impl Limits {
    /// Of an event's payload.
    pub const fn payload(self) -> JsonLimit {
        JsonLimit { max_bytes: self.max_payload_bytes, max_depth: self.max_json_depth }
    }

    /// Of results, details, progress and engines' metadata.
    pub const fn detail(self) -> JsonLimit {
        JsonLimit { max_bytes: self.max_detail_bytes, max_depth: self.max_json_depth }
    }
}

/// Every route, with its part of the `OpenAPI` document.
fn routes_with_document() -> OpenApiRouter<Api> {
    let v1 = OpenApiRouter::new()
        .routes(routes!(engines::register::register, engines::list))
        .routes(routes!(engines::get, engines::patch::patch, engines::deregister))
        .routes(routes!(engines::drain::drain_many))
        .routes(routes!(heartbeat::heartbeat))
        .routes(routes!(engines::drain))
        .routes(routes!(engines::resume))
        .routes(routes!(engines::leases))
        .routes(routes!(enqueue::enqueue))
        .routes(routes!(enqueue::enqueue_batch))
        .routes(routes!(lease::lease))
        .routes(routes!(lease::exchange))
        .routes(routes!(event_list::list))
        .routes(routes!(events::get))
        .routes(routes!(events::attempts))
        .routes(routes!(cancel::cancel))
        .routes(routes!(cancel::cancel_run))
        .routes(routes!(settle::settle))
        .routes(routes!(settle::settle_many))
        .routes(routes!(dead_letters::list))
        .routes(routes!(dead_letters::get, dead_letters::discard))
        .routes(routes!(dead_letters::groups::groups))
        .routes(routes!(dead_letters::redrive::redrive))
        .routes(routes!(dead_letters::bulk::redrive_many))
        .routes(routes!(dead_letters::bulk::purge_many))
        .routes(routes!(queues::list))
        .routes(routes!(queues::get, queues::patch, queues::removal::delete))
        .routes(routes!(queues::pause))
        .routes(routes!(queues::resume))
        .routes(routes!(queues::peek))
        .routes(routes!(event_types::list))
        .routes(routes!(event_types::get, event_types::put, event_types::delete))
        .routes(routes!(tokens::create, tokens::list))
        .routes(routes!(tokens::revoke))
        .routes(routes!(audit::list))
        .routes(routes!(health::database))
        .routes(routes!(openapi::serve_document));
    OpenApiRouter::with_openapi(openapi::base())
        .nest("/api/v1", v1)
        .routes(routes!(operations::healthz))
        .routes(routes!(operations::readyz))
        .routes(routes!(operations::metrics))
}

/// The service.
pub fn router(api: Api) -> Router {
    counters::start(&api.metrics);
    let (router, _) = routes_with_document().split_for_parts();
    // A look by HEAD would lease events and throw them away.
    let all_but_get = axum::routing::head(lease::refuse_head).fallback(lease::refuse_other_methods);
    let router = docs::add_to(router.route("/api/v1/events/queue/{engine_type}", all_but_get));
    around::wrap(router, api)
}
